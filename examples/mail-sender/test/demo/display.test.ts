import { describe, expect, it } from 'vitest'
import { displayOn } from '../../src/demo/display.ts'
import { progressTable } from '../../src/demo/progress.ts'
import { progressOf } from '../support/progress-of.ts'

const LINE = '  3.1 s  delivered 14 of 57, duplicates 2, left 45'

function screenOf(size: { isTTY?: boolean; columns?: number; rows?: number } = {}) {
  const writes: string[] = []
  return { ...size, writes, write: (text: string) => writes.push(text) }
}

describe('the table', () => {
  it('has the columns of kafka-consumer-groups.sh and the worker', () => {
    expect(progressTable(progressOf())).toEqual([
      'TOPIC           PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG  WORKER',
      'mail.requested  0          12              50              38   worker-1',
      'mail.requested  1          -               7               7    -',
    ])
  })
})

describe('outside a terminal', () => {
  it('is a line a second, and the table at the end', () => {
    const screen = screenOf()
    const display = displayOn(screen)
    for (const seconds of [0, 0.3, 0.9, 1.2, 1.5, 2.1]) display.show(progressOf({ seconds }))
    expect(screen.writes.map((line) => line.slice(0, 7))).toEqual(['  0.0 s', '  1.2 s', '  2.1 s'])
    display.end(progressOf())
    expect(screen.writes.slice(3).join('')).toBe(['', ...progressTable(progressOf()), '', LINE, ''].join('\n'))
    expect(screen.writes.join('')).not.toContain('\u001B')
  })
})

describe('in a terminal', () => {
  it('is drawn over itself in one write', () => {
    const screen = screenOf({ isTTY: true, columns: 100, rows: 30 })
    const display = displayOn(screen)
    display.show(progressOf())
    display.show(progressOf())
    expect(screen.writes).toHaveLength(2)
    expect(screen.writes[0]).not.toContain('\u001B[6A')
    expect(screen.writes[1]?.startsWith('\u001B[6A\r')).toBe(true)
    expect(screen.writes[1]).toContain(LINE)
  })

  it('leaves a line above the table', () => {
    const screen = screenOf({ isTTY: true, columns: 100, rows: 30 })
    const display = displayOn(screen)
    display.show(progressOf())
    display.say('worker-1: died')
    const [, write] = screen.writes
    expect(write?.startsWith('\u001B[6A\rworker-1: died\u001B[K\n')).toBe(true)
    expect(write).toContain(LINE)
  })

  it('is not wider than the terminal, and one line where the table is too tall', () => {
    const screen = screenOf({ isTTY: true, columns: 20, rows: 5 })
    displayOn(screen).show(progressOf())
    expect(screen.writes).toEqual([`${LINE.slice(0, 19)}\u001B[K\n\u001B[J`])
  })
})
