import { setImmediate as nextTurn } from 'node:timers/promises'
import type {
  CommitRequest,
  CommitResult,
  Driver,
  DriverAnswers,
  DriverContext,
  DriverLogs,
  HoldfastError,
  MembershipAnswer,
  OutgoingRecord,
  TopicPartition,
  TransactionRequest,
  TransactionResult,
} from '@holdfast/core'
import { FakeAnswers } from './fake-answers.ts'
import { commitFenced, commitUnknown, startAborted } from './fake-errors.ts'
import { FakeFetcher } from './fake-fetcher.ts'
import { COOPERATIVE, type GroupMember } from './fake-group.ts'
import { FakeProducer } from './fake-producer.ts'
import { FakeStandings } from './fake-standings.ts'
import { FakeTransactor } from './fake-transactions.ts'
import type { MemberPorts } from './member-ports.ts'
import { withoutAny } from './without-any.ts'

type Phase = 'new' | 'joining' | 'member' | 'preparing' | 'out' | 'stopped' | 'killed'

/** One client process: the driver that a consumer holds, and the member that the coordinator knows. */
export class FakeMember implements Driver, GroupMember {
  readonly #ports: MemberPorts
  readonly #context: DriverContext
  readonly #fetcher: FakeFetcher
  readonly #producer: FakeProducer
  readonly #transactor: FakeTransactor
  readonly logs: DriverLogs
  readonly answers: DriverAnswers = new FakeAnswers(() => this.#phase !== 'killed')
  readonly #firstAssignment = Promise.withResolvers<void>()
  #phase: Phase = 'new'
  #memberId = ''
  #generationId = -1
  #owned: readonly TopicPartition[] = []
  /** By the strategy of the generation in force. */
  #isCooperative = false
  #revoking: Promise<void> | undefined
  #joinUnderWay: PromiseWithResolvers<void> | undefined

  constructor(context: DriverContext, ports: MemberPorts) {
    this.#context = context
    this.#ports = ports
    this.#producer = new FakeProducer(ports)
    this.#transactor = new FakeTransactor({
      transactions: ports.transactions,
      prefix: context.transactionalIdPrefix ?? context.groupId,
      isCurrent: (request) => this.#isCurrent(request),
      isMember: () => this.#accepts(),
      committed: (request) => ports.group.committed(request),
      checkTakes: (record) => this.#producer.checkTakes(record),
      append: ports.append,
      commit: (request) => ports.group.store(this.#memberId, this.#generationId, request, true),
    })
    this.logs = new FakeStandings({ ...ports, isAlive: () => this.#phase !== 'killed' })
    this.#firstAssignment.promise.catch(() => undefined)
    this.#fetcher = new FakeFetcher(context, ports.logs, ports.maxBatchRecords, ports.fetchFaults)
  }

  get topics(): readonly string[] {
    return this.#ports.logs.matching(this.#context.topics)
  }

  get memberId(): string {
    return this.#memberId
  }

  get strategies(): readonly string[] {
    return this.#context.partitionAssignmentStrategy
  }

  get owned(): readonly TopicPartition[] {
    return this.#owned
  }

  async start(signal: AbortSignal): Promise<void> {
    await nextTurn()
    this.#checkMayStart(signal)
    this.#ports.started(this)
    const onAbort = (): void => this.#firstAssignment.reject(startAborted())
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      void this.#join()
      await this.#firstAssignment.promise
    } catch (error) {
      await this.stop()
      throw error
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#fetcher.pause(partitions)
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#fetcher.resume(partitions)
  }

  skipTo(partition: TopicPartition, epoch: number, offset: number): void {
    this.#fetcher.skipTo(partition, epoch, offset)
  }

  async commit(requests: readonly CommitRequest[]): Promise<readonly CommitResult[]> {
    // What is sent behind a join waits for its end.
    await this.#joinUnderWay?.promise
    const identity = { memberId: this.#memberId, generationId: this.#generationId }
    const isCurrent = requests.map((request) => this.#isCurrent(request))
    await nextTurn()
    await this.#ports.commitFaults.answers.held
    if (this.#phase === 'killed') return new Promise(() => undefined)
    const verdict = isCurrent.includes(true) ? this.#ports.commitFaults.next() : 'answer'
    const isAccepted = this.#ports.group.accepts(identity.memberId, identity.generationId)
    return requests.map((request, index) => {
      if (!isCurrent[index] || !isAccepted) {
        this.#ports.group.store(identity.memberId, identity.generationId, request, false)
        const isOvertaken = isCurrent[index] && identity.generationId !== this.#generationId
        if (isOvertaken && this.#isCurrent(request)) return { status: 'unknown', error: commitUnknown(request) }
        if (isCurrent[index]) this.#foundOut(identity.generationId)
        return { status: 'fenced', error: commitFenced(request) }
      }
      this.#ports.group.store(identity.memberId, identity.generationId, request, verdict !== 'no answer')
      return verdict === 'answer' ? { status: 'ok' } : { status: 'unknown', error: commitUnknown(request) }
    })
  }

  async confirm(): Promise<MembershipAnswer> {
    await this.#joinUnderWay?.promise
    const { memberId, generationId } = { memberId: this.#memberId, generationId: this.#generationId }
    await nextTurn()
    if (this.#phase === 'killed') return new Promise(() => undefined)
    if (this.#ports.group.accepts(memberId, generationId)) return 'member'
    this.#foundOut(generationId)
    return 'fenced'
  }

  async transact(request: TransactionRequest): Promise<TransactionResult> {
    await this.#joinUnderWay?.promise
    const result = await this.#transactor.transact(request)
    if (this.#phase === 'killed') return new Promise(() => undefined)
    if (result.status === 'fenced' && this.#isCurrent(request) && !this.#accepts()) this.#foundOut(this.#generationId)
    return result
  }

  produce(records: readonly OutgoingRecord[]): Promise<void> {
    return this.#producer.produce(records)
  }

  release(partitions: readonly TopicPartition[]): void {
    this.#fetcher.forget(partitions)
    this.#owned = withoutAny(this.#owned, partitions)
    if (this.#phase === 'member') void this.#ports.group.rebalance()
  }

  async stop(): Promise<void> {
    if (this.#phase === 'stopped' || this.#phase === 'killed') return
    this.#phase = 'stopped'
    this.#producer.stop()
    this.#endJoin()
    this.#firstAssignment.reject(startAborted())
    this.#fetcher.close()
    this.#ports.group.leave(this)
    this.#ports.ended(this)
    await nextTurn()
  }

  async prepare(): Promise<void> {
    if (this.#phase !== 'member') return
    this.#phase = 'preparing'
    if (this.#isCooperative) {
      await this.#revoking
    } else {
      this.#fetcher.suspend()
      await this.#context.sink.suspending()
    }
    if (this.#phase === 'preparing') this.#joinUnderWay = Promise.withResolvers()
  }

  get asksStarts(): boolean {
    return this.#context.startsAt !== undefined
  }

  askStarts(partitions: readonly TopicPartition[]): Promise<void> {
    return this.#fetcher.askStarts(partitions, (each) => this.#ports.group.committed(each))
  }

  adopt(generationId: number, partitions: readonly TopicPartition[], strategy: string): void {
    if (this.#phase !== 'joining' && this.#phase !== 'preparing') return
    const { sink } = this.#context
    const isNext = generationId === this.#generationId + 1
    this.#phase = 'member'
    this.#generationId = generationId
    this.#isCooperative = strategy === COOPERATIVE
    const retainable = isNext ? this.#fetcher.known(partitions) : []
    this.#giveUp(withoutAny(this.#owned, partitions), withoutAny(this.#owned, retainable))
    this.#owned = partitions
    if (this.#context.transactionalIdPrefix !== undefined)
      for (const partition of withoutAny(partitions, retainable)) this.#transactor.claim(partition)
    const located = this.#fetcher.startsOf(partitions, (each) => this.#ports.group.committed(each))
    const { epoch, retained } = sink.assigned({
      partitions: located,
      retainable,
      memberId: this.#memberId,
      generationId,
    })
    this.#fetcher.begin(epoch, withoutAny(located, retained))
    this.#endJoin()
    this.#firstAssignment.resolve()
  }

  /** What is not assigned any more is drained where others have to wait for that, and has gone to them otherwise. */
  #giveUp(unassigned: readonly TopicPartition[], ended: readonly TopicPartition[]): void {
    if (!this.#isCooperative || unassigned.length === 0) return this.#fetcher.forget(ended)
    this.#fetcher.forget(withoutAny(ended, unassigned))
    this.#fetcher.stopReading(unassigned)
    const { memberId } = this
    this.#revoking = this.#context.sink.revoking(unassigned).then(() => {
      if (this.#memberId !== memberId || this.#phase === 'out') return
      this.#fetcher.forget(withoutAny(unassigned, this.#owned))
      if (this.#phase === 'member') void this.#ports.group.rebalance()
    })
  }

  /** The broker has thrown the member out. It is told now, or finds out by its next commit; then it joins anew. */
  expel(reason: string, isTold: boolean): void {
    this.#ports.group.leave(this)
    if (isTold || this.#phase !== 'member') this.#rejoinAfter(() => this.#context.sink.lost(reason))
  }

  crash(error: HoldfastError, willRestart: boolean): void {
    this.#ports.group.leave(this)
    if (willRestart) return this.#rejoinAfter(() => this.#context.sink.crashed(error, true))
    this.#leaveMembership()
    this.#firstAssignment.reject(error)
    this.#context.sink.crashed(error, false)
  }

  /** The process ends without a word: nothing reaches the consumer any more, and no commit gets an answer. */
  kill(): void {
    this.#phase = 'killed'
    this.#producer.kill()
    this.#endJoin()
    this.#fetcher.close()
    this.#ports.group.leave(this)
    this.#ports.ended(this)
  }

  #endJoin(): void {
    this.#joinUnderWay?.resolve()
    this.#joinUnderWay = undefined
  }

  #checkMayStart(signal: AbortSignal): void {
    if (signal.aborted || this.#phase !== 'new') throw startAborted()
    this.#ports.logs.checkAll(this.#context)
  }

  async #join(): Promise<void> {
    this.#phase = 'joining'
    this.#memberId = this.#ports.nextMemberId()
    await this.#ports.group.join(this)
  }

  #accepts(): boolean {
    return this.#ports.group.accepts(this.#memberId, this.#generationId)
  }

  #isCurrent(request: CommitRequest): boolean {
    const isOpen = this.#phase === 'member' || this.#phase === 'preparing'
    return isOpen && request.epoch === this.#fetcher.epochOf(request)
  }

  /** A commit of an earlier generation says nothing about the membership of now. */
  #foundOut(generationId: number): void {
    if (generationId !== this.#generationId || this.#phase !== 'member') return
    this.#rejoinAfter(() => this.#context.sink.lost('the coordinator does not know this member'))
  }

  #rejoinAfter(tell: () => void): void {
    this.#leaveMembership()
    tell()
    void nextTurn().then(async () => {
      if (this.#phase === 'out') await this.#join()
    })
  }

  #leaveMembership(): void {
    this.#phase = 'out'
    this.#endJoin()
    this.#owned = []
    this.#fetcher.clear()
  }
}
