import kafkajs from 'kafkajs'
import { expect, test } from 'vitest'

import { findDaemon } from '../../../src/kafka/docker/daemon.ts'
import { kafka } from '../../../src/kafka/kafka.ts'
import { KAFKA_VERSION } from '../../../src/kafka/kafka-version.ts'

const { Kafka, logLevel } = kafkajs

const IMAGE = process.env.KAFKA_IMAGE ?? `apache/kafka:${KAFKA_VERSION}`
const daemon = await findDaemon()
const hasImage = await daemon?.client.image.exists(daemon.testcontainers.ImageName.fromString(IMAGE))

// Only where it needs no pull, which may take longer than a test should.
test.skipIf(!hasImage)('a container keeps its port and data over a kill and a start', async () => {
  const env = { ...process.env, HOLDFAST_KAFKA: 'docker' }
  await using cluster = await kafka({ env })
  const client = new Kafka({ brokers: [...cluster.brokers], logLevel: logLevel.NOTHING })
  const admin = client.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: 'kept' }] })
  await cluster.kill()
  await cluster.start()
  expect(await admin.listTopics()).toContain('kept')
  await admin.disconnect()

  const containers = async (): Promise<unknown[]> => {
    const all = (await daemon?.client.container.list()) ?? []
    const port = Number(cluster.brokers[0]?.split(':').at(-1))
    return all.filter(({ Ports }) => Ports.some(({ PublicPort }) => PublicPort === port))
  }
  expect(await containers()).toHaveLength(1)
  await cluster.stop()
  expect(await containers()).toEqual([])
})
