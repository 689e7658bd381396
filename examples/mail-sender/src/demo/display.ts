import { type Progress, progressLine, progressTable } from './progress.ts'

const PLAIN_INTERVAL_SECONDS = 1

/** Shows progress, and lines in between. */
export interface Display {
  show(progress: Progress): void
  /** A line that stays. */
  say(line: string): void
  /** Shows the last table for good. */
  end(progress: Progress): void
}

/** The part of a stream that a display needs. */
export interface Screen {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
  write(text: string): unknown
}

const TABLE_MARGIN_ROWS = 2

/** A table that is redrawn in a terminal; elsewhere a line now and then. */
export function displayOn(screen: Screen): Display {
  return screen.isTTY === true ? new TerminalDisplay(screen) : new PlainDisplay(screen)
}

class TerminalDisplay implements Display {
  readonly #screen: Screen
  #drawn: readonly string[] = []

  constructor(screen: Screen) {
    this.#screen = screen
  }

  show(progress: Progress): void {
    const { rows = 24 } = this.#screen
    const lines = ['', ...progressTable(progress), '', progressLine(progress)]
    // What has scrolled away can't be drawn over.
    this.#draw([], lines.length + TABLE_MARGIN_ROWS > rows ? lines.slice(-1) : lines)
  }

  say(line: string): void {
    this.#draw([line], this.#drawn)
  }

  end(progress: Progress): void {
    this.show(progress)
    this.#drawn = []
  }

  /** One write, line over line: clearing first would flicker. */
  #draw(above: readonly string[], table: readonly string[]): void {
    const { columns = 80 } = this.#screen
    const top = this.#drawn.length === 0 ? '' : `\u001B[${this.#drawn.length}A\r`
    const lines = [...above, ...table.map((line) => line.slice(0, columns - 1))]
    this.#screen.write(`${top}${lines.map((line) => `${line}\u001B[K\n`).join('')}\u001B[J`)
    this.#drawn = table
  }
}

class PlainDisplay implements Display {
  readonly #screen: Screen
  #next = 0

  constructor(screen: Screen) {
    this.#screen = screen
  }

  show(progress: Progress): void {
    if (progress.seconds < this.#next) return
    this.#next = Math.floor(progress.seconds) + PLAIN_INTERVAL_SECONDS
    this.say(progressLine(progress))
  }

  say(line: string): void {
    this.#screen.write(`${line}\n`)
  }

  end(progress: Progress): void {
    for (const line of ['', ...progressTable(progress), '', progressLine(progress)]) this.say(line)
  }
}
