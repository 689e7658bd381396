import { describe, expect, test } from 'vitest'
import { readFlags, showUsage } from '../../src/verifiable/flags.ts'

const REQUIRED = ['--bootstrap-server', 'localhost:9092', '--topic', 't', '--group-id', 'g']
const flagsOf = (...args: string[]) => Object.fromEntries(readFlags([...REQUIRED, ...args]))

describe('the command line', () => {
  test('what a harness of Kafka sends is read', () => {
    const { topic, ...rest } = flagsOf(
      ...['--reset-policy', 'earliest', '--session-timeout', '30000', '--max-messages', '-1', '--verbose'],
      ...['--assignment-strategy', 'org.apache.kafka.clients.consumer.RangeAssignor', '--enable-autocommit'],
      ...['--group-protocol=classic', '--consumer.config', '/tmp/consumer.properties'],
    )
    expect(topic).toBe('t')
    expect(rest).toEqual({
      'bootstrap-server': 'localhost:9092',
      'group-id': 'g',
      'reset-policy': 'earliest',
      'session-timeout': '30000',
      'max-messages': '-1',
      verbose: 'true',
      'assignment-strategy': 'org.apache.kafka.clients.consumer.RangeAssignor',
      'enable-autocommit': 'true',
      'group-protocol': 'classic',
      'consumer.config': '/tmp/consumer.properties',
    })
  })

  test('of a repeated flag the last value counts', () => {
    expect(flagsOf('--session-timeout', '1', '--session-timeout', '2')['session-timeout']).toBe('2')
  })

  test('--broker-list is enough', () => {
    expect(readFlags(['--broker-list', 'a:1', '--topic', 't', '--group-id', 'g']).get('broker-list')).toBe('a:1')
  })

  test('--help needs nothing else', () => {
    expect(readFlags(['--help']).has('help')).toBe(true)
    expect(showUsage()).toContain('--reset-policy')
  })

  test.each([
    [['--nope', 'x'], '--nope is not a flag of this program'],
    [['-x'], '-x is not a flag of this program'],
    [['stray'], '"stray" belongs to no flag'],
    [['--max-messages'], '--max-messages lacks its value.\n  Fix: write --max-messages N.'],
    [['--max-messages', '--verbose'], '--max-messages lacks its value'],
    [['--consumer.config', ''], '--consumer.config lacks its value'],
    [['--verbose=yes'], '--verbose takes no value, but has "yes"'],
  ])('%j is refused', (args, message) => {
    expect(() => flagsOf(...args)).toThrow(message)
  })

  test.each([
    ['--topic', ['--group-id', 'g', '--bootstrap-server', 'a:1']],
    ['--group-id', ['--topic', 't', '--bootstrap-server', 'a:1']],
    ['--bootstrap-server', ['--topic', 't', '--group-id', 'g']],
  ])('%s must be there', (flag, args) => {
    expect(() => readFlags(args)).toThrow(`HF_OPTION_INVALID: ${flag} is missing.\n  Fix: add ${flag} `)
  })
})
