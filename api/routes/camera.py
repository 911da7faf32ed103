"""Owns announcing a camera elsewhere, whose pictures come by Kafka."""

from fastapi import APIRouter, Response

from api.camera.bodies import CAMERA_TAG, CameraAnswer, CameraRequest, PublishAnswer
from api.dependencies import CallerDep, NoQuery, ServicesDep
from api.origin import OriginDep
from api.people.checking import check_identification
from api.problems import documented
from api.room import check_room
from api.services import Services
from api.submission import claim_id, earlier, fingerprint_of, new_video, submit
from api.views import accepted
from api.webhooks.plan import check_callback
from pipeline.contracts.captures import CAPTURED
from pipeline.contracts.videos import SourceKind, Video
from pipeline.kafka.capture_codec import CAPTURE_SCHEMA
from pipeline.kafka.topics import Topics

router = APIRouter(prefix="/analysis", tags=["submit"])


@router.post(
    "/camera",
    status_code=201,
    operation_id="start_camera",
    summary="Analyse pictures that a camera elsewhere publishes",
    responses=documented(409, 413),
    dependencies=[NoQuery],
)
def start_camera(
    services: ServicesDep, caller: CallerDep, origin: OriginDep, body: CameraRequest, response: Response
) -> CameraAnswer:
    """A live video that waits for records on a Kafka topic, and says which; `framewise camera` publishes them. It ends
    when the camera says so, or has been silent for long: with `keep: newest` for `FRAMEWISE_LIVE_GRACE_SECONDS`, with
    `keep: all` for `FRAMEWISE_CAPTURE_SILENCE_SECONDS`.
    """
    asked = fingerprint_of("camera", body)
    video = earlier(services, origin, asked)
    if video is None:
        check_room(services, caller)
        check_callback(services, body.callback_url)
        check_identification(services, body)
        tagged = body.model_copy(update={"tags": [*body.tags, f"{CAMERA_TAG}{body.camera_id}"]})
        url, video_id = f"{CAPTURED}{body.camera_id}", claim_id(services, origin, asked)
        video = submit(services, new_video(video_id, tagged, origin, SourceKind.STREAM, url, body.camera_id), body)
    known = accepted(services, video, response).model_dump()
    return CameraAnswer(**known, camera_id=body.camera_id, publish=_publish(services, video))


def _publish(services: Services, video: Video) -> PublishAnswer:
    return PublishAnswer(
        bootstrap=services.kafka.publish_to,
        topic=Topics.of(services.kafka).captures,
        key=video.video_id.hex,
        headers={"schema": CAPTURE_SCHEMA, "video_id": str(video.video_id)},
    )
