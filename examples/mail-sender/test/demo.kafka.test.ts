import { execFile } from 'node:child_process'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { DemoProcess } from './support/demo-process.ts'

const HERE = fileURLToPath(new URL('..', import.meta.url))
const TSC = fileURLToPath(new URL('../../../node_modules/.bin/tsc', import.meta.url))
const PATH = `${dirname(process.execPath)}:${process.env.PATH}`

function demo(...args: string[]): DemoProcess {
  const { SMTP_URL: _, DATABASE_URL: __, REDIS_URL: ___, ...env } = process.env
  return new DemoProcess([...args, '--json'], { ...env, KAFKA_BROKERS: inject('kafkaBrokers').join() })
}

function reportOf(lines: readonly string[]): unknown {
  return JSON.parse(lines.at(-1) ?? '')
}

/** Node runs decorators only when they have been compiled. */
beforeAll(async () => {
  await promisify(execFile)(TSC, ['-b', HERE], { env: { ...process.env, PATH } })
})

describe('the demo', () => {
  it('delivers every request once, from nothing but Kafka', async () => {
    await using run = demo(
      ...['--records', '60', '--lookup-ms', '10', '--workers', '1', '--concurrency', '50', '--database', 'pglite'],
    )
    expect(await run.exitCode(), run.lines.join('\n')).toBe(0)
    expect(reportOf(run.lines)).toEqual({
      requested: 60,
      delivered: 60,
      duplicates: 0,
      dead: 0,
      left: 0,
      rebalances: 0,
      outages: 0,
      deaths: 0,
      seconds: expect.any(Number),
      sendingSeconds: expect.any(Number),
    })
    expect(run.lines.join('\n')).toContain('delivered 60, duplicates 0, dead 0, left 0')
    expect(run.lines.join('\n')).toMatch(/TOPIC +PARTITION +CURRENT-OFFSET +LOG-END-OFFSET +LAG +WORKER/)
  })

  it('accounts for every mail: bad addresses, refusals, requests sent twice, the server away, a worker that dies of one', async () => {
    await using run = demo('--failures', '--records', '120', '--lookup-ms', '10', '--concurrency', '20')
    expect(await run.exitCode(), run.lines.join('\n')).toBe(0)
    const report = reportOf(run.lines) as { readonly outages: number; readonly duplicates: number }
    expect(report).toMatchObject({ requested: 120, delivered: 107, dead: 13, left: 0, deaths: 2 })
    expect(report.outages).toBeGreaterThanOrEqual(1)
    // What a worker had sent when it died, and not yet noted.
    expect(report.duplicates).toBeLessThanOrEqual(2 * 10)
    const lines = run.lines.join('\n')
    expect(lines).toMatch(/smtp is down: its mails wait[\s\S]+smtp is back/)
    expect(lines).toMatch(/died \(SIGKILL\), and is started again/)
  })

  it('loses nothing when a worker is killed at its work', async () => {
    await using run = demo('--records', '120', '--lookup-ms', '250', '--session-ms', '3000')
    const [, pid] = await run.untilLine(/^worker-1: started, pid (\d+)/)
    await run.untilLine(/^worker-1: has partitions \d/)
    await run.untilLine(/delivered [1-9]\d* of 120/)
    process.kill(Number(pid), 'SIGKILL')
    await run.untilLine(/^worker-1: died \(SIGKILL\)/)
    await run.untilLine(/^worker-2: has partitions 0, 1, 2, 3, 4, 5/)
    expect(await run.exitCode(), run.lines.join('\n')).toBe(0)
    expect(reportOf(run.lines)).toMatchObject({ requested: 120, delivered: 120, left: 0 })
    // Of each of its partitions: what was being sent, and what was sent since the last commit, one second before at most.
    expect((reportOf(run.lines) as { duplicates: number }).duplicates).toBeLessThanOrEqual(6 * 6)
  })

  const strategies: readonly [string, readonly string[]][] = [
    ['cooperative', []],
    ['static', ['--static', '--session-ms', '30000']],
  ]
  it.each(process.env.NIGHTLY === undefined ? strategies.slice(0, 1) : strategies)(
    'sends no mail twice while its three workers are replaced one after another: %s',
    async (_name, args) => {
      await using run = demo('--rolling', '--records', '200', '--workers', '3', '--lookup-ms', '300', ...args)
      expect(await run.exitCode(), run.lines.join('\n')).toBe(0)
      expect(reportOf(run.lines)).toMatchObject({ requested: 200, delivered: 200, duplicates: 0, left: 0 })
      for (const worker of [1, 2, 3]) {
        const of = (what: string): number =>
          run.lines.filter((line) => line.startsWith(`worker-${worker}: ${what}`)).length
        expect([of('started'), of('stopped, to be replaced')]).toEqual([2, 1])
      }
      if (args.length === 0) return
      const replaced = run.lines.findIndex((line) => line.includes('to be replaced'))
      const generations = run.lines.slice(replaced).flatMap((line) => /\(generation (\d+)\)/.exec(line)?.[1] ?? [])
      expect(new Set(generations).size, 'a static member that comes back causes no rebalance').toBe(1)
    },
  )

  it('ends in good order when it is interrupted', async () => {
    await using run = demo('--records', '120', '--lookup-ms', '250')
    await run.untilLine(/^worker-1: has partitions/)
    run.signal('SIGINT')
    expect(await run.exitCode(), run.lines.join('\n')).toBe(130)
    expect(run.lines).toContain('failed: interrupted')
  })
})
