"""Random trouble for as long as one likes, and then the question whether what clients saw may have been."""

from __future__ import annotations

import contextlib
import random
import threading
import time

import httpx
import psutil
from tests.crash.cluster import PATIENCE_S, SHORT_LEASE_S
from tests.crash.history import History
from tests.crash.texts import sentences


class Client(threading.Thread):
    """Orders jobs under idempotency keys, asks again when nobody answers, looks at what it ordered."""

    def __init__(self, api, history, seed):
        super().__init__(daemon=True)
        self._api, self._history, self._chance = api, history, random.Random(seed)
        self._name, self._mine = f"client {seed}", []
        self.stopping = threading.Event()
        self.cancelled = set()

    def run(self):
        number = 0
        with httpx.Client(base_url=self._api.url, timeout=PATIENCE_S) as client:
            while not self.stopping.is_set():
                number += 1
                self._order(client, number)
                for job_id in self._chance.sample(self._mine, min(3, len(self._mine))):
                    self._history.look(client, job_id)
                if self._mine and self._chance.random() < 0.05:
                    self._cancel(client, self._chance.choice(self._mine))
                time.sleep(self._chance.uniform(0.05, 0.4))

    def _order(self, client, number):
        body = {
            "mode": "dubbing", "source_language": "pt-BR", "text": sentences(self._chance.randint(1, 12), self._name),
            "seed": number, "priority": self._chance.choice(["high", "normal", "low"]),
        }  # fmt: skip
        while not self.stopping.is_set():
            try:
                answer = client.post("/jobs", json=body, headers={"Idempotency-Key": f"{self._name}, order {number}"})
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code == 202:
                self._mine.append(answer.json()["id"])
                self._history.accepted(answer.json()["id"])
                return
            assert answer is None or answer.status_code in (429, 503), answer.text
            time.sleep(0.3)

    def _cancel(self, client, job_id):
        try:
            if client.post(f"/jobs/{job_id}/cancel").status_code == 200:
                self.cancelled.add(job_id)
        except httpx.TransportError:
            return


def trouble(cluster, api, workers, chance):
    """One bad thing, and its end."""
    worker = chance.choice(workers)
    kind = chance.choice(["kill", "kill", "terminate", "stall", "model", "redis", "cut", "hole", "delay", "api"])
    if kind in ("kill", "terminate"):
        worker.kill() if kind == "kill" else worker.terminate()
        time.sleep(chance.uniform(0, 1))
        worker.start()
    elif kind == "stall":
        worker.pause()
        time.sleep(SHORT_LEASE_S * chance.uniform(0.5, 2))
        worker.resume()
    elif kind == "model":
        for child in worker.children():
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
    elif kind == "redis":
        cluster.redis.kill()
        time.sleep(chance.uniform(0, 3))
        cluster.redis.restart()
    elif kind == "api":
        api.kill()
        api.start()
    else:
        {"cut": cluster.proxy.cut, "hole": cluster.proxy.black_hole, "delay": lambda: cluster.proxy.delay(0.3)}[kind]()
        time.sleep(chance.uniform(0.5, 2 * SHORT_LEASE_S))
        cluster.proxy.delay(0)
        cluster.proxy.heal()
    return kind


def test_whatever_happens_what_clients_see_is_possible(deploy, request):
    minutes = request.config.getoption("--minutes", 0.5)
    # Always the same short one beside all other tests; who soaks for longer wants to see others.
    seed = random.SystemRandom().randrange(10**6) if minutes > 0.5 else 5
    chance = random.Random(seed)
    cluster = deploy(appendfsync="always", VOICECORE_LEASE_S=f"{SHORT_LEASE_S:g}")
    api = cluster.api()
    workers = [
        cluster.worker(proxied=n % 2 == 0, slots=1 + n % 2, plan={"step_s": 0.02, "batch_size": 2}) for n in range(3)
    ]
    history = History()
    clients = [Client(api, history, number) for number in range(3)]
    for client in clients:
        client.start()
    end = time.monotonic() + 60 * minutes
    troubles = []
    while time.monotonic() < end:
        troubles.append(trouble(cluster, api, workers, chance))
        time.sleep(chance.uniform(0.2, 2))
    for client in clients:
        client.stopping.set()
        client.join(2 * PATIENCE_S)
        assert not client.is_alive()
    history.settle(api.client, 300)
    history.check()
    cancelled = set().union(*(client.cancelled for client in clients))
    states = [api.job(job_id) for job_id in sorted(history.acknowledged)]
    print(f"seed {seed}: {len(states)} jobs, {sorted(troubles)}, attempts {sum(job['attempt'] for job in states)}")
    for job in states:
        if job["id"] in cancelled:
            assert job["status"] == "cancelled", job
        else:
            # Three attempts may truly have ended badly under such trouble; nothing else is an excuse.
            assert job["status"] == "completed" or job["error_code"] == "poisoned", job
