import type { OutgoingRecord } from '@holdfast/core'
import { kafka } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { resolveKafkajsOptions } from '../../src/options.ts'
import { RequestSizes } from '../../src/transact/request-sizes.ts'
import { TransactionalProducer, TransactionFailure } from '../../src/transact/transactional-producer.ts'
import { quietLogger } from '../support/quiet-logger.ts'
import { TestCluster } from '../support/test-cluster.ts'

// It brings up a cluster of its own, of three brokers.
test.runIf(process.env.NIGHTLY !== undefined)(
  'outputs for a frozen leader are named before the limit of the transaction; for a frozen coordinator none are',
  async () => {
    await using broker = await kafka({
      brokers: 3,
      env: { ...process.env, KAFKA_BROKERS: '', HOLDFAST_KAFKA: 'jvm' },
      // Nobody takes over meanwhile.
      properties: { 'broker.session.timeout.ms': 60_000 },
    })
    await using cluster = await TestCluster.connect(broker.brokers)
    const topic = await cluster.createTopic(6)
    const config = resolveKafkajsOptions({ brokers: broker.brokers })
    const producer = new TransactionalProducer(topic, config, new RequestSizes(), quietLogger)
    await producer.claim()
    const outputs = [0, 1, 2, 3, 4, 5].map(
      (partition): OutgoingRecord => ({ topic, partition, key: null, value: Buffer.from('v'), headers: [] }),
    )
    const request = { topic, partition: 0, epoch: 1, offset: 1, outputs }
    // It knows every leader by then.
    await producer.run(topic, request)
    const coordinators = [1, await cluster.coordinatorOf('__transaction_state', topic)]
    const { topics } = await cluster.admin.fetchTopicMetadata({ topics: [topic] })
    const frozen = topics[0]?.partitions.find(({ leader }) => !coordinators.includes(leader))
    await broker.pause(frozen?.leader)
    const begunMs = performance.now()
    const failure = await producer.run(topic, { ...request, offset: 2 }).catch((error: unknown) => error)
    expect(performance.now() - begunMs).toBeLessThan(25_000)
    expect(failure).toBeInstanceOf(TransactionFailure)
    expect(failure).toMatchObject({
      step: 'send',
      declined: { reason: { code: 'HF_PRODUCE_FAILED', retryable: true } },
    })
    expect((failure as TransactionFailure).declined?.outputs).toEqual(outputs)
    producer.abandon()
    await broker.resume(frozen?.leader)

    const id = `${topic}.2`
    const coordinator = await cluster.coordinatorOf('__transaction_state', id)
    const another = new TransactionalProducer(id, config, new RequestSizes(), quietLogger)
    await another.claim()
    const led = topics[0]?.partitions.filter(({ leader }) => leader !== coordinator) ?? []
    const elsewhere = outputs.filter(({ partition }) => led.some(({ partitionId }) => partitionId === partition))
    await broker.pause(coordinator)
    const unnamed = await another.run(topic, { ...request, outputs: elsewhere }).catch((error: unknown) => error)
    expect(unnamed).toBeInstanceOf(TransactionFailure)
    expect(unnamed).toMatchObject({ step: 'send', declined: undefined })
    another.abandon()
    await broker.resume(coordinator)
  },
  150_000,
)
