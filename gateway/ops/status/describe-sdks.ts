/** Rows of SDK versions, and the age of the list of advisories. */
import { formatAgo, formatCount } from './format.ts'
import type { RouteStatus, Status } from './status.ts'
import type { Cell, Row } from './view.ts'

/** A route without any named SDK gets a row that says so. */
export function describeSdks(routes: readonly RouteStatus[], nowMs: number): Row[] {
  return routes
    .filter(({ kind }) => kind !== 'passthrough')
    .flatMap(({ route, sdks }) =>
      sdks.length === 0
        ? [rowOf(route, 'unknown', [{ text: '0' }, { text: 'never' }, { text: 'none known' }])]
        : sdks.map(({ sdk, responses, lastMs, advisories }) =>
            rowOf(route, sdk, [
              { text: formatCount(responses) },
              { text: formatAgo(lastMs, nowMs) },
              advisories.length === 0
                ? { text: 'none known' }
                : { text: advisories.join(', '), tone: 'warn' },
            ]),
          ),
    )
}

function rowOf(route: string, sdk: string, cells: readonly Cell[]): Row {
  return { key: `${route} ${sdk}`, cells: [{ text: sdk, sub: route }, ...cells] }
}

export function describeAdvisories({ sdkAdvisoriesDate: date, takenMs }: Status): Cell {
  return { text: `${date} (${formatAgo(Date.parse(date), takenMs)})` }
}
