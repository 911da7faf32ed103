from benchmarks.yardstick.records import Record

WORK = "objects-480p-long-100"


def run(contender: str, number: int, rate: float, work: str = WORK, unequal: int = 0) -> Record:
    return Record(
        work=work,
        contender=contender,
        round=number,
        frames=100,
        seconds=100 / rate,
        unequal=unequal,
        example="0/7: cat 0.500 instead of nothing" if unequal else "",
        cpu={"worker": 2.0, "decoder": 0.5},
        load=0.5,
        at=f"2026-11-22T0{number}:00:00+00:00",
        cores=2,
        machine={"processor": "a processor", "commit": "abc"},
        versions={"ray": "2.60.0"},
    )
