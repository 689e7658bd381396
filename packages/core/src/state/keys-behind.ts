import type { LaneKey } from '../schedule/ordering.ts'

/** How far a group has come in a partition. */
export interface Standing {
  /** Everything below is settled, or not in the log any more. */
  readonly settled: number
  /** One past the last record. */
  readonly end: number
}

/** Keys that are told apart; those that come when there are so many share buckets. */
const MAX_KEYS = 10_000
const BUCKETS = 16_384

interface Behind {
  /** Which of the later topics it is waited for in. */
  readonly level: number
  /** When all below is settled there, the key is through this level; undefined until the first look after its last move. */
  readonly target: number | undefined
  readonly sinceMs: number
  /** By the count of moves, when it was put there last. */
  readonly move: number
}

/**
 * The keys of a partition that have records in later topics of its chain: what comes after must go behind them.
 *
 * - A key is waited for level by level. It is through one when everything is settled there that was in the log after its
 *   last move; what has failed there meanwhile is in the next level by then, below its end.
 * - So an end counts only when it was read after what it is compared with: after the move, and after the `settled` that
 *   ends the level before.
 * - Past a number of keys the next ones share buckets. A key that shares one waits longer than it has to, and no key less.
 */
export class KeysBehind {
  readonly #keys = new Map<LaneKey, Behind>()
  readonly #buckets = new Map<number, Behind>()
  #moves = 0

  get size(): number {
    return this.#keys.size + this.#buckets.size
  }

  /** Grows with each record that goes to a later topic. */
  get moves(): number {
    return this.#moves
  }

  /** The time stamp of the last record of this key in a later topic; undefined where there is none. */
  sinceOf(key: LaneKey): number | undefined {
    if (this.size === 0) return undefined
    return (this.#keys.get(key) ?? this.#buckets.get(bucketOf(key)))?.sinceMs
  }

  /** A record of the key is in the next topic. */
  noteMove(key: LaneKey, sinceMs: number): void {
    this.#moves += 1
    this.#put(key, { level: 0, target: undefined, sinceMs, move: this.#moves })
  }

  /** A record of the key was found in a later topic, of which `end` was read before. Told of the last level first. */
  noteFound(key: LaneKey, level: number, end: number, sinceMs: number): void {
    this.#put(key, { level, target: end, sinceMs: Math.max(sinceMs, this.sinceOf(key) ?? 0), move: this.#moves })
  }

  /** How far the group has come in the later topics; all `settled` were read before all `end`, and after `moves` was this. */
  look(levels: readonly Standing[], moves: number): void {
    lookAt(this.#keys, levels, moves)
    lookAt(this.#buckets, levels, moves)
  }

  clear(): void {
    this.#keys.clear()
    this.#buckets.clear()
  }

  #put(key: LaneKey, behind: Behind): void {
    if (this.#keys.size < MAX_KEYS || this.#keys.has(key)) this.#keys.set(key, behind)
    else this.#buckets.set(bucketOf(key), behind)
  }
}

function lookAt<Key>(all: Map<Key, Behind>, levels: readonly Standing[], moves: number): void {
  for (const [key, behind] of all) {
    if (behind.move > moves) continue
    const next = advanced(behind, levels)
    if (next === undefined) all.delete(key)
    else if (next !== behind) all.set(key, next)
  }
}

/** Undefined where the key is through all levels. */
function advanced(behind: Behind, levels: readonly Standing[]): Behind | undefined {
  let { level, target } = behind
  for (let standing = levels[level]; standing !== undefined; standing = levels[level]) {
    target ??= standing.end
    if (standing.settled < target) {
      const isSame = level === behind.level && target === behind.target
      return isSame ? behind : { ...behind, level, target }
    }
    level += 1
    target = undefined
  }
  return undefined
}

/** FNV-1a over the text of the key. */
function bucketOf(key: LaneKey): number {
  let hash = 0x811c_9dc5
  const text = String(key)
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x0100_0193)
  return (hash >>> 0) % BUCKETS
}
