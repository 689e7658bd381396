import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const PROGRAM = fileURLToPath(new URL('../../bin/verifiable-consumer', import.meta.url))
const REQUIRED = ['--bootstrap-server', 'localhost:9092', '--topic', 't', '--group-id', 'g']

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--conditions=source', PROGRAM, ...args], {
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

test.each([
  [['--nope'], 'HF_OPTION_INVALID: --nope is not a flag of this program.\n  Fix: remove it'],
  [['--session-timeout', '0'], '--session-timeout sets sessionTimeoutMs: sessionTimeoutMs = 0 is not allowed'],
  [['--topic', 'a b'], "--topic sets topics: topics = [ 'a b' ] is not allowed"],
  [['--bootstrap-server', 'kafka'], '--bootstrap-server sets brokers: brokers has "kafka", which is not a host:port'],
])('%j ends with 1, a reason on stderr, and nothing on stdout', (args, message) => {
  expect(run(...REQUIRED, ...args)).toEqual({ status: 1, stdout: '', stderr: expect.stringContaining(message) })
})

test('--help goes to stderr', () => {
  expect(run('--help')).toEqual({ status: 0, stdout: '', stderr: expect.stringContaining('usage: ') })
})

test('--max-messages 0 starts and ends, and warnings go to stderr', () => {
  const { status, stdout, stderr } = run(...REQUIRED, '--max-messages', '0', '--group-remote-assignor', 'uniform')
  expect(status).toBe(0)
  const names = stdout.split('\n').map((line) => line && (JSON.parse(line) as { name: string }).name)
  expect(names).toEqual(['startup_complete', 'shutdown_complete', ''])
  expect(stderr).toBe('warning: --group-remote-assignor has no effect here and is ignored\n')
})
