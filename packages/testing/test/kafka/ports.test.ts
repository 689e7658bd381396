import { once } from 'node:events'
import { createServer } from 'node:net'

import { expect, test } from 'vitest'

import { freePorts } from '../../src/kafka/ports.ts'

test('gives different ports that can be listened on', async () => {
  const ports = await freePorts(7)
  expect(new Set(ports).size).toBe(7)
  for (const port of ports) {
    const server = createServer().listen(port, '127.0.0.1')
    await once(server, 'listening')
    server.close()
  }
})

test('passes over a port that is taken, and over one it has just chosen', async () => {
  const [taken = 0] = await freePorts(1)
  await using server = createServer().listen(taken, '127.0.0.1')
  await once(server, 'listening')
  const asRandom = (port: number): number => (port - 16_384 + 0.5) / 16_384
  const draws = [taken, taken + 1, taken + 1, taken + 2].map(asRandom)
  const ports = await freePorts(1, () => draws.shift() ?? 0.5)
  expect(ports).not.toContain(taken)
  const repeated = [0.25, 0.25, 0.75]
  expect(new Set(await freePorts(2, () => repeated.shift() ?? Math.random())).size).toBe(2)
})

test('stays below the ports that systems hand out by themselves', async () => {
  expect(await freePorts(1, () => 1 - Number.EPSILON)).toSatisfy(([port]) => port < 32_768)
})

test('gives up when none is free', async () => {
  const [taken = 0] = await freePorts(1)
  await using server = createServer().listen(taken, '127.0.0.1')
  await once(server, 'listening')
  const always = (taken - 16_384 + 0.5) / 16_384
  await expect(freePorts(1, () => always)).rejects.toThrow('no free port within 16384-32767')
})
