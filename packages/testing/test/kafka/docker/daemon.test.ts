import { expect, test } from 'vitest'

import { type Daemon, obtainImage } from '../../../src/kafka/docker/daemon.ts'

interface FakeRegistry {
  readonly present: boolean
  readonly manifest?: () => Promise<unknown>
  readonly pulled?: boolean
}

function fakeDaemon({ present, manifest, pulled = false }: FakeRegistry, calls: string[]): Daemon {
  let exists = present
  const client = {
    image: {
      exists: async () => exists,
      pull: async () => {
        calls.push('pull')
        exists = pulled
      },
    },
    container: { dockerode: { getImage: () => ({ distribution: manifest }) } },
  }
  const ImageName = { fromString: (string: string) => ({ string }) }
  return { client, testcontainers: { ImageName } } as unknown as Daemon
}

const log = (): void => undefined

test('an image that is there is not pulled', async () => {
  const calls: string[] = []
  expect(await obtainImage(fakeDaemon({ present: true }, calls), 'k:1', log)).toBeUndefined()
  expect(calls).toEqual([])
})

test('a registry that has it: pulled', async () => {
  const calls: string[] = []
  const daemon = fakeDaemon({ present: false, manifest: async () => ({}), pulled: true }, calls)
  expect(await obtainImage(daemon, 'k:1', log)).toBeUndefined()
  expect(calls).toEqual(['pull'])
})

test('no way to the registry: no pull is tried', async () => {
  const calls: string[] = []
  const manifest = () => Promise.reject(new Error('no such host'))
  expect(await obtainImage(fakeDaemon({ present: false, manifest }, calls), 'k:1', log)).toBe(
    'k:1 is not here and cannot be pulled (no such host)',
  )
  expect(calls).toEqual([])
})

test('a pull that fails half-way', async () => {
  const daemon = fakeDaemon({ present: false, manifest: async () => ({}) }, [])
  expect(await obtainImage(daemon, 'k:1', log)).toBe('the pull of k:1 failed')
})
