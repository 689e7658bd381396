import assert from 'node:assert/strict'
import { partitionName, type TopicPartition } from '@holdfast/core'
import type { ConsumedRange, Line } from '../../../src/verifiable/lines.ts'

type LineOf<Name extends Line['name']> = Extract<Line, { name: Name }>

/**
 * What Kafka's system tests hold against one member, line by line.
 *
 * - `dead`: not started, or shut down. Nothing is told but `startup_complete`.
 * - `started`: not yet in the group. `joined`: may consume and commit what is assigned.
 */
export class Checker {
  state: 'dead' | 'started' | 'joined' = 'dead'
  readonly assigned: Set<string> = new Set()
  readonly position: Map<string, number> = new Map()
  readonly committed: Map<string, number> = new Map()
  readonly consumed: ConsumedRange[] = []
  readonly failures: string[] = []
  recordsTold = 0
  revocations = 0

  take(line: Line): void {
    switch (line.name) {
      case 'startup_complete':
        assert.equal(this.state, 'dead', 'started twice')
        this.state = 'started'
        return
      case 'partitions_assigned':
        return this.#assign(line)
      case 'partitions_revoked':
        return this.#revoke(line)
      case 'records_consumed':
        return this.#consume(line)
      case 'offsets_committed':
        return this.#commit(line)
      case 'record_data':
        this.recordsTold += 1
        return
      case 'shutdown_complete':
        assert.equal(this.assigned.size, 0, `shut down with ${[...this.assigned]}`)
        this.state = 'dead'
    }
  }

  get total(): number {
    return this.consumed.reduce((sum, { count }) => sum + count, 0)
  }

  #assign({ partitions }: LineOf<'partitions_assigned'>): void {
    assert.notEqual(this.state, 'dead', 'assigned before the start')
    this.state = 'joined'
    for (const partition of partitions) {
      const name = partitionName(partition)
      assert.ok(!this.assigned.has(name), `assigned again without a revocation of ${name}`)
      this.assigned.add(name)
    }
  }

  #revoke({ partitions }: LineOf<'partitions_revoked'>): void {
    assert.equal(this.state, 'joined', `revoked while ${this.state}`)
    this.revocations += 1
    for (const partition of partitions) {
      const name = this.#checkAssigned(partition, 'revoked')
      this.assigned.delete(name)
      this.position.delete(name)
    }
  }

  #consume({ count, partitions }: LineOf<'records_consumed'>): void {
    assert.equal(this.state, 'joined', `consumed while ${this.state}`)
    assert.equal(
      partitions.reduce((sum, range) => sum + range.count, 0),
      count,
      'count is not the sum of its partitions',
    )
    for (const range of partitions) {
      const name = this.#checkAssigned(range, 'consumed')
      const position = this.position.get(name) ?? range.minOffset
      assert.equal(range.minOffset, position, `${name}: consumed from ${range.minOffset} at position ${position}`)
      assert.equal(range.maxOffset - range.minOffset + 1, range.count, `${name}: the count is not that of its offsets`)
      this.position.set(name, range.maxOffset + 1)
      this.consumed.push(range)
    }
  }

  #commit({ success, error, offsets }: LineOf<'offsets_committed'>): void {
    if (!success) {
      this.failures.push(error ?? 'without a reason')
      return
    }
    for (const { offset, ...partition } of offsets) {
      const name = this.#checkAssigned(partition, 'committed')
      const position = this.position.get(name) ?? -1
      assert.ok(offset <= position, `${name}: committed ${offset} at position ${position}`)
      this.committed.set(name, offset)
    }
  }

  #checkAssigned(partition: TopicPartition, what: string): string {
    const name = partitionName(partition)
    assert.ok(this.assigned.has(name), `${what} ${name}, which is not assigned`)
    return name
  }
}
