"""The simulation is held against queueing theory: exact formulas, an exact recursion, and laws that need no distribution."""

from __future__ import annotations

import itertools
import math
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[3] / "scripts"))

from queueing import Crew, simulate
from speech_load import ENGINES, TEXT_LIMIT, Load, arrivals, draw

JOBS = 200_000
_gaps = st.lists(st.floats(0, 5), min_size=1, max_size=60)
_crews = st.integers(1, 6)


def _poisson(rate, count=JOBS, seed=1):
    return np.cumsum(np.random.default_rng([seed, 10]).exponential(1 / rate, count))


def _exponential(mean_s, count=JOBS, seed=1):
    return np.random.default_rng([seed, 20]).exponential(mean_s, count)


def _erlang_b(servers, offered):
    """Share of calls lost in M/M/c/c, by the usual recursion (A. K. Erlang 1917; Cooper, Introduction to Queueing Theory, 1981, 3.3)."""
    blocking = 1.0
    for number in range(1, servers + 1):
        blocking = offered * blocking / (number + offered * blocking)
    return blocking


def _erlang_c(servers, offered):
    """Share of jobs that wait in M/M/c (Erlang 1917; Cooper 1981, 3.5)."""
    lost = _erlang_b(servers, offered)
    return servers * lost / (servers - offered * (1 - lost))


def _kiefer_wolfowitz(times, services, workers):
    """Waits in G/G/c, first come first served, exactly (Kiefer and Wolfowitz 1955): the next job goes where it starts first."""
    free_at = [0.0] * workers
    waits = []
    for at, work in zip(times, services, strict=True):
        free_at.sort()
        start = max(at, free_at[0])
        waits.append(start - at)
        free_at[0] = start + work
    return waits


@pytest.mark.parametrize(("workers", "load"), [(1, 0.5), (1, 0.8), (4, 0.7), (10, 0.85), (50, 0.9)])
def test_waiting_in_m_m_c_is_what_erlang_c_says(workers, load):
    times, services = _poisson(workers * load / 2.0), _exponential(2.0)
    waits = simulate(times, services, Crew(workers=workers)).waits
    # The formula gets the rates that were drawn, which takes most of the chance out of the comparison.
    mean_s, offered = services.mean(), services.sum() / times[-1]
    waiting = _erlang_c(workers, offered)
    decay_s = mean_s / (workers - offered)
    assert np.mean(waits > 0) == pytest.approx(waiting, rel=0.03)
    assert waits.mean() == pytest.approx(waiting * decay_s, rel=0.06)
    # Beyond being positive, the wait is exponential: the 99th percentile follows.
    assert np.percentile(waits, 99) == pytest.approx(math.log(waiting / 0.01) * decay_s, rel=0.1)


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
@pytest.mark.parametrize("kind", ["constant", "uniform", "log-normal"])
def test_waiting_in_m_g_1_is_what_pollaczek_and_khinchine_say(load, kind):
    chance = np.random.default_rng(3)
    services = {
        "constant": np.full(JOBS, 2.0),
        "uniform": chance.uniform(0, 4, JOBS),
        "log-normal": chance.lognormal(math.log(2) - 0.32, 0.8, JOBS),
    }[kind]
    rate = load / services.mean()
    times = _poisson(rate)
    # Pollaczek 1930, Khinchine 1932; Cooper 1981, 5.8: W = rate E[S^2] / (2 (1 - load)). Own rate: less noise.
    own = JOBS / times[-1]
    expected = own * np.mean(services**2) / (2 * (1 - own * services.mean()))
    assert simulate(times, services, Crew(workers=1)).waits.mean() == pytest.approx(expected, rel=0.06)


@pytest.mark.parametrize(("workers", "offered"), [(1, 0.5), (5, 4.0), (20, 25.0)])
def test_without_a_queue_the_share_refused_is_what_erlang_b_says(workers, offered):
    outcome = simulate(_poisson(offered / 2.0), _exponential(2.0), Crew(workers=workers, max_queued=0))
    assert outcome.refused / JOBS == pytest.approx(_erlang_b(workers, offered), rel=0.03)
    assert np.isnan(outcome.waits).sum() == outcome.refused
    assert np.nanmax(outcome.waits) == 0


def test_a_bounded_queue_refuses_what_m_m_1_k_says():
    load, places = 0.9, 5  # one at work and four waiting
    refused = simulate(_poisson(load), _exponential(1.0), Crew(workers=1, max_queued=places - 1)).refused / JOBS
    assert refused == pytest.approx((1 - load) * load**places / (1 - load ** (places + 1)), rel=0.05)


@given(_gaps, _crews, st.integers(0, 1_000))
@settings(deadline=None)
def test_every_single_wait_is_what_the_recursion_of_kiefer_and_wolfowitz_gives(gaps, workers, seed):
    services = np.random.default_rng(seed).choice([0.0, 1.0, 2.5, 7.0], len(gaps))
    times = np.cumsum(gaps)
    outcome = simulate(times, services, Crew(workers=workers))
    np.testing.assert_allclose(outcome.waits, _kiefer_wolfowitz(times, services, workers), atol=1e-9)
    np.testing.assert_allclose(outcome.stays, outcome.waits + services, atol=1e-9)
    assert outcome.busy_s == pytest.approx(services.sum())


@given(_gaps, st.integers(0, 1_000))
@settings(deadline=None)
def test_with_the_same_jobs_another_worker_never_makes_anybody_wait_longer(gaps, seed):
    times, services = np.cumsum(gaps), np.random.default_rng(seed).exponential(4.0, len(gaps))
    waits = [simulate(times, services, Crew(workers=workers)).waits for workers in range(1, 7)]
    for fewer, more in itertools.pairwise(waits):
        assert (more <= fewer + 1e-9).all()
        assert more.mean() <= fewer.mean() + 1e-9


@given(
    _gaps, _crews, st.one_of(st.none(), st.integers(0, 5)), st.sampled_from([math.inf, 20.0, 5.0]), st.integers(0, 99)
)
@settings(deadline=None)
def test_littles_law_holds_exactly_whatever_dies_and_whatever_is_refused(gaps, workers, bound, mtbf_s, seed):
    # Little 1961: the number in the system, over time, is the sum of the stays, once the system is empty again.
    times, services = np.cumsum(gaps), np.random.default_rng(seed).exponential(4.0, len(gaps))
    crew = Crew(workers=workers, max_queued=bound, mtbf_s=mtbf_s, lease_s=6.0, restart_s=3.0)
    outcome = simulate(times, services, crew, pieces=[4] * len(gaps), seed=seed)
    assert outcome.in_system_s == pytest.approx(np.nansum(outcome.stays))
    assert np.isfinite(outcome.stays).sum() + outcome.refused == len(gaps)
    assert outcome.busy_s >= np.sum(services[np.isfinite(outcome.stays)]) - 1e-6


def test_a_dead_workers_job_waits_for_its_lease_and_goes_on_at_the_first_missing_segment():
    lives = iter([4.5, math.inf, math.inf])
    crew = Crew(workers=1, lease_s=30.0, sweep_s=1.0, restart_s=10.0)
    outcome = simulate(np.array([0.0]), np.array([10.0]), crew, pieces=[10], lives=lives)
    # Four of ten segments are kept; six are left when the lease is over, 20 to 31 s after the death.
    assert 4.5 + 20 + 6 <= outcome.stays[0] <= 4.5 + 31 + 6
    assert outcome.lost_leases == 1
    assert outcome.busy_s == pytest.approx(4.5 + 6)
    assert outcome.waits[0] == 0


def test_another_worker_takes_over_before_the_dead_one_is_back():
    lives = iter([5.0, math.inf, math.inf])
    crew = Crew(workers=2, lease_s=3.0, sweep_s=0.0, restart_s=1_000.0)
    outcome = simulate(np.array([0.0]), np.array([10.0]), crew, pieces=[1], lives=lives)
    assert 5 + 2 + 10 <= outcome.stays[0] <= 5 + 3 + 10


def test_a_worker_that_dies_idle_costs_no_job_anything_but_its_absence():
    lives = iter([5.0, math.inf])
    outcome = simulate(np.array([6.0]), np.array([1.0]), Crew(workers=1, restart_s=10.0), lives=lives)
    assert outcome.lost_leases == 0
    assert outcome.waits[0] == pytest.approx(9.0)


def test_the_same_seed_gives_the_same_figures_and_another_seed_others():
    load, crew = Load(jobs_per_day=2_000), Crew(workers=3, mtbf_s=3_600)

    def waits(seed):
        jobs = draw(load, ENGINES["kokoro-cpu"], 1, seed)
        return simulate(jobs.arrivals, jobs.services, crew, pieces=jobs.segments, seed=seed).waits

    np.testing.assert_array_equal(waits(1), waits(1))
    assert not np.array_equal(waits(1)[:100], waits(2)[:100])


@pytest.mark.parametrize("peak", [1.0, 2.0, 3.0, 8.0])
def test_the_busiest_moment_is_so_many_times_the_mean(peak):
    days = 20
    times = arrivals(Load(jobs_per_day=50_000, peak=peak, burst_share=0.0), days, 1)
    assert len(times) == pytest.approx(50_000 * days, rel=0.01)
    noon = np.abs(times % 86_400 - 43_200) < 900
    assert noon.sum() / days / 1_800 == pytest.approx(peak * 50_000 / 86_400, rel=0.03)
    assert (np.diff(times) >= 0).all()


def test_so_large_a_share_of_the_jobs_comes_in_bursts():
    times = arrivals(Load(jobs_per_day=10_000, burst_share=0.3, burst_size=7), 10, 1)
    _, together = np.unique(times, return_counts=True)
    assert set(together) == {1, 7}
    assert together[together == 7].sum() / len(times) == pytest.approx(0.3, abs=0.02)


def test_texts_have_the_mean_and_spread_asked_for_and_fit_the_limit():
    load = Load(jobs_per_day=100_000, characters=400, spread=1.0, enrol_share=0.0)
    figures = ENGINES["kokoro-cpu"]
    characters = draw(load, figures, 1, 1).audio_s / figures.audio_s_per_character
    assert characters.mean() == pytest.approx(400, rel=0.02)
    assert characters.std() == pytest.approx(400, rel=0.06)
    assert characters.max() <= TEXT_LIMIT


@pytest.mark.parametrize(
    ("times", "services", "workers"), [([0.0], [1.0], 0), ([0.0], [], 1), ([1.0, 0.0], [1.0, 1.0], 1)]
)
def test_what_cannot_be_simulated_is_refused(times, services, workers):
    with pytest.raises(ValueError, match="at least one worker"):
        simulate(np.array(times), np.array(services), Crew(workers=workers))
