import { expect, it } from 'vitest'
import { warningIn } from '../../src/demo/worker-process.ts'

it.each([
  ['an info line', '{"level":30,"msg":"joined the group"}', undefined],
  ['a warning', '{"level":40,"msg":"commit fenced","code":"HF_X","reason":"late"}', 'commit fenced: HF_X: late'],
  ['a warning of the client', '{"level":40,"logger":"kafkajs","msg":"kafkajs"}', undefined],
  ['an error', '{"level":50,"msg":"consumer failed","err":{"message":"no broker"}}', 'consumer failed: no broker'],
  ['what is no JSON', 'out of memory', 'out of memory'],
])('of the log shows warnings only: %s', (_, line, shown) => {
  expect(warningIn(line)).toBe(shown)
})
