import { expect, test } from 'vitest'

import { brokerProperties, type NodeSettings, renderProperties } from '../../src/kafka/properties.ts'

const node: NodeSettings = {
  id: 1,
  brokers: 1,
  controller: '127.0.0.1:20000',
  listeners: [
    {
      name: 'PLAINTEXT',
      protocol: 'PLAINTEXT',
      bind: '127.0.0.1:20001',
      advertised: '127.0.0.1:20001',
    },
  ],
  interBrokerListener: 'PLAINTEXT',
  logDir: '/data',
  sasl: undefined,
  optimise: 'startup',
}

test('one broker is its own controller and replicates nothing', () => {
  expect(brokerProperties(node, {})).toMatchObject({
    'process.roles': 'broker,controller',
    'controller.quorum.voters': '1@127.0.0.1:20000',
    listeners: 'PLAINTEXT://127.0.0.1:20001,CONTROLLER://127.0.0.1:20000',
    'advertised.listeners': 'PLAINTEXT://127.0.0.1:20001',
    'offsets.topic.replication.factor': 1,
    'min.insync.replicas': 1,
  })
})

test('of three brokers the first alone is the controller, and two hold every record', () => {
  expect(brokerProperties({ ...node, id: 2, brokers: 3 }, {})).toMatchObject({
    'process.roles': 'broker',
    listeners: 'PLAINTEXT://127.0.0.1:20001',
    'default.replication.factor': 3,
    'offsets.topic.replication.factor': 3,
    'min.insync.replicas': 2,
  })
})

test('the defaults suit tests: no topics by accident, short sessions, no waiting, no retention', () => {
  expect(brokerProperties(node, {})).toMatchObject({
    'auto.create.topics.enable': 'false',
    'group.min.session.timeout.ms': 500,
    'group.initial.rebalance.delay.ms': 0,
    'log.retention.ms': -1,
  })
})

test('a given property wins; a given listener joins those of the broker', () => {
  const properties = brokerProperties(node, {
    'num.partitions': 4,
    'auto.create.topics.enable': 'true',
    listeners: 'EXTRA://127.0.0.1:20009',
    'advertised.listeners': 'EXTRA://127.0.0.1:20009',
    'listener.security.protocol.map': 'EXTRA:PLAINTEXT',
  })
  expect(properties).toMatchObject({
    'num.partitions': 4,
    'auto.create.topics.enable': 'true',
    listeners: 'PLAINTEXT://127.0.0.1:20001,CONTROLLER://127.0.0.1:20000,EXTRA://127.0.0.1:20009',
    'advertised.listeners': 'PLAINTEXT://127.0.0.1:20001,EXTRA://127.0.0.1:20009',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,EXTRA:PLAINTEXT',
  })
})

test('SASL credentials become a PLAIN login of the SASL listener', () => {
  const sasl = { username: 'user', password: 'secret' }
  expect(brokerProperties({ ...node, sasl }, {})).toMatchObject({
    'sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.sasl.plain.sasl.jaas.config':
      'org.apache.kafka.common.security.plain.PlainLoginModule required user_user="secret";',
  })
})

test('renders one property a line, with backslashes escaped', () => {
  expect(renderProperties({ a: 1, b: 'C:\\x' })).toBe('a=1\nb=C:\\\\x\n')
})
