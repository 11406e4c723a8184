/** Rows of SDK versions, and the age of the list of advisories. */
import { formatAgo, formatCount } from './format.ts'
import type { RouteStatus, Status } from './status.ts'
import type { Cell, Row } from './view.ts'

const UNKNOWN: Cell = { text: 'unknown' }

/** A route without any named SDK gets a row that says so. */
export function describeSdks(
  routes: readonly Pick<RouteStatus, 'kind' | 'route' | 'sdks'>[],
  nowMs: number,
): Row[] {
  return routes
    .filter(({ kind }) => kind !== 'passthrough')
    .flatMap(({ route, sdks }) =>
      sdks.length === 0
        ? [rowOf(route, UNKNOWN.text, [{ text: '0' }, { text: 'never' }, UNKNOWN])]
        : sdks.map(({ sdk, responses, lastMs, advisories }) =>
            rowOf(route, sdk, [
              { text: formatCount(responses) },
              { text: formatAgo(lastMs, nowMs) },
              advisoriesOf(sdk, advisories),
            ]),
          ),
    )
}

/** Nothing can be said of a version that no response has named. */
function advisoriesOf(sdk: string, advisories: readonly string[]): Cell {
  if (sdk === UNKNOWN.text) return UNKNOWN
  return advisories.length === 0
    ? { text: 'none known' }
    : { text: advisories.join(', '), tone: 'warn' }
}

function rowOf(route: string, sdk: string, cells: readonly Cell[]): Row {
  return { key: `${route} ${sdk}`, cells: [{ text: sdk, sub: route }, ...cells] }
}

export function describeAdvisories({ sdkAdvisoriesDate: date, takenMs }: Status): Cell {
  return { text: `${date} (${formatAgo(Date.parse(date), takenMs)})` }
}
