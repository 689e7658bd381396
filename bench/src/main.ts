import { parseArgs } from 'node:util'
import { benchNoop, NOOP_REFERENCE } from './noop.ts'
import { formatReport } from './report.ts'

const USAGE = 'usage: pnpm bench noop [--records 500000] [--bytes 200] [--rounds 5] [--json]'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    records: { type: 'string', default: '500000' },
    bytes: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
})
const [records, bytes, rounds] = [values.records, values.bytes, values.rounds].map(Number) as [number, number, number]
if (positionals[0] !== 'noop' || ![records, bytes, rounds].every((value) => Number.isInteger(value) && value > 0)) {
  console.error(USAGE)
  process.exit(1)
}
const report = await benchNoop({ records, bytes, rounds, log: (line) => console.error(line) })
console.log(formatReport(report, NOOP_REFERENCE))
if (values.json) console.log(JSON.stringify(report))
