import { expect, test } from 'vitest'
import { WorkRecorder } from '../../src/work/recorder.ts'

/** Records that each take `workMs`, in waves of `slots`, with a pause after every wave. */
function passOf(records: number, slots: number, workMs: number, pauseMs: number): WorkRecorder {
  const recorder = new WorkRecorder(records, slots)
  let nowMs = 0
  for (let first = 0; first < records; first += slots) {
    for (let slot = 0; slot < slots; slot += 1) recorder.started(nowMs)
    for (let slot = 0; slot < slots; slot += 1) recorder.ended(nowMs, nowMs + workMs, slot)
    nowMs += workMs + pauseMs
  }
  return recorder
}

test('slots that are always busy have all of what the law allows', () => {
  const recorder = passOf(1_000, 10, 5, 0)
  expect(recorder.meanSeconds).toBeCloseTo(0.005)
  expect(recorder.totalSeconds).toBeCloseTo(5)
  expect(recorder.heaviestKeySeconds).toBeCloseTo(0.5)
  expect(recorder.steady(10).steadyPerSecond).toBeCloseTo(2_000)
  expect(recorder.steady(10).littleShare).toBeCloseTo(1)
})

test('slots that wait for half of the time have half of it', () => {
  expect(passOf(1_000, 10, 5, 5).steady(10).littleShare).toBeCloseTo(0.5)
})

test('a slow start and a slow end do not count', () => {
  const recorder = new WorkRecorder(100, 1)
  for (let record = 0; record < 100; record += 1) {
    const isSteady = record >= 9 && record < 90
    const startedMs = isSteady ? 1_000 + record * 5 : record < 9 ? record * 100 : 2_000 + record * 100
    recorder.started(startedMs)
    recorder.ended(startedMs, startedMs + 5, 0)
  }
  expect(recorder.steady(1).littleShare).toBeCloseTo(1)
})
