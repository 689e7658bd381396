import { BENCHES } from './benches.ts'
import { formatReport, toJson } from './harness/report.ts'
import { readCommandLine, showUsage } from './options.ts'

const line = readCommandLine(process.argv.slice(2), BENCHES)
if (line === undefined) {
  console.error(showUsage(BENCHES))
  process.exit(1)
}
const report = await line.bench.run(line.options, (text) => console.error(text))
console.log(formatReport(report))
if (line.json) console.log(toJson(report))
