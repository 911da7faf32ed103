"""Owns what the service says of itself: alive, ready, and which models it uses."""

from fastapi import APIRouter, Request, Response

from api.caller import caller_of
from api.dependencies import NoQuery, ServicesDep
from api.problems import documented
from api.readiness import Readiness
from api.responses import CheckAnswer, HealthAnswer, ModelAnswer, ModelsAnswer, ReadyAnswer
from pipeline.contracts.results import TaskName
from pipeline.stores.keys import Scope

router = APIRouter(tags=["service"], dependencies=[NoQuery])


@router.get("/healthz", operation_id="healthz", summary="Whether the service runs", responses=documented())
async def healthz() -> HealthAnswer:  # needs no thread: those may all wait for a server
    """Asks nobody else."""
    return HealthAnswer()


@router.get(
    "/readyz",
    operation_id="readyz",
    summary="Whether the service can do its work",
    responses={**documented(), 503: {"model": ReadyAnswer, "description": "a server does not answer"}},
)
async def readyz(request: Request, response: Response) -> ReadyAnswer:  # needs no thread either
    """Asks Kafka, Cassandra and the disk a real question each, and whether ingest and the analysis go round.

    Answers within three seconds; what does not answer in time is not ready.
    """
    readiness: Readiness = request.app.state.readiness
    checks = await readiness.ask()
    ready = all(ok for ok, _ in checks.values())
    response.status_code = 200 if ready else 503
    return ReadyAnswer(
        status="ready" if ready else "not ready",
        checks={
            name: CheckAnswer(ok=ok, detail=detail if caller_of(request).may(Scope.READ) else "a key is told more")
            for name, (ok, detail) in checks.items()
        },
    )


@router.get("/models", operation_id="list_models", summary="The tasks and their models", responses=documented())
def list_models(services: ServicesDep) -> ModelsAnswer:
    """The model that the workers loaded for each task."""
    known = {info.task: info for info in services.models.all()}
    return ModelsAnswer(
        items=[
            ModelAnswer.model_validate(known[task])
            if task in known
            else ModelAnswer(
                task=task,
                model=None,
                digest=None,
                runtime=None,
                labels=[],
                licence=None,
                min_confidence=None,
                loaded_at=None,
            )
            for task in TaskName
        ]
    )
