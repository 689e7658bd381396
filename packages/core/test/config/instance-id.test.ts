import { expect, test } from 'vitest'
import { instanceIdFromEnvironment } from '../../src/config/instance-id.ts'

test.each([
  [{ POD_NAME: 'mail-0', HOSTNAME: 'host' }, 'mail-0'],
  [{ HOSTNAME: 'host' }, 'host'],
  [{ POD_NAME: '', HOSTNAME: 'host' }, 'host'],
])('the environment %o names the member %s', (environment, id) => {
  expect(instanceIdFromEnvironment(environment)).toBe(id)
})

test('an environment without a name is refused', () => {
  expect(() => instanceIdFromEnvironment({})).toThrow(/neither POD_NAME nor HOSTNAME/)
})
