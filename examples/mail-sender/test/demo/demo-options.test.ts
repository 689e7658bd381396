import { describe, expect, it } from 'vitest'
import { parseDemoOptions } from '../../src/demo/demo-options.ts'

describe('the arguments of the demo', () => {
  it('have defaults', () => {
    expect(parseDemoOptions([])).toEqual({
      records: 300,
      workers: 2,
      slotsPerWorker: undefined,
      lookUpTime: '150',
      database: 'auto',
      sessionTimeoutMs: 6_000,
      hasFailures: false,
      isRolling: false,
      strategy: undefined,
      isStatic: false,
      json: false,
      help: false,
    })
  })

  it('are taken, with a -- that pnpm passed on', () => {
    const options = parseDemoOptions(['--', '--records', '5000', '--lookup-ms', '20', '--workers=3', '--json'])
    expect(options).toMatchObject({ records: 5_000, lookUpTime: '20', workers: 3, json: true })
    expect(parseDemoOptions(['--lookup', 'story:100', '--database', 'pglite'])).toMatchObject({
      lookUpTime: 'story:100',
      database: 'pglite',
    })
  })

  it('share the concurrency out over the workers', () => {
    expect(parseDemoOptions(['--concurrency', '50']).slotsPerWorker).toBe(25)
    expect(parseDemoOptions(['--concurrency', '50', '--workers', '3']).slotsPerWorker).toBe(17)
  })

  it.each([
    [['--concurrency', '0'], '--concurrency 0'],
    [['--records', '0'], '--records 0'],
    [['--records', '1e3'], '--records 1e3'],
    [['--workers', '21'], '--workers 21'],
    [['--lookup-ms', 'x'], '--lookup-ms x'],
    [['--lookup', 'x'], 'look-up time'],
    [['--lookup', 'story', '--lookup-ms', '1'], 'exclude each other'],
    [['--database', 'mysql'], '--database mysql'],
    [['--recrods', '5'], '--recrods'],
    [['5'], "'5'"],
  ])('%j is refused by name', (args, message) => {
    expect(() => parseDemoOptions(args)).toThrow(message)
  })
})
