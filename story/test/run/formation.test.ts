import { expect, test } from 'vitest'
import { Formation } from '../../src/run/formation.ts'

async function isFormed({ formed }: Formation): Promise<boolean> {
  return Promise.race([formed.then(() => true), Promise.resolve(false).then((no) => no)])
}

test('a group has formed when each member has a share and the shares are all partitions', async () => {
  const formation = new Formation(2, 4)
  formation.assign(0, [0, 1, 2, 3])
  expect(await isFormed(formation)).toBe(false)
  formation.assign(1, [2, 3])
  expect(await isFormed(formation)).toBe(false)
  formation.assign(0, [0, 1])
  expect(await isFormed(formation)).toBe(true)
})
