/** The status page as HTML. It is complete without its script, which only refreshes it. */
import { version } from '../../version.ts'
import { html, type Html } from './html.ts'
import { chartOf, factOf, noteOf, tableOf, textOf } from './parts.ts'
import type { View } from './view.ts'

export function renderPage(view: View, style: Html, script: Html): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>Status of inngest-gateway</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <link rel="icon" href="data:," />
        ${style}
      </head>
      <body>
        <a class="skip" href="#requests">Skip to requests</a>
        ${header(view)}
        <main>
          ${decisionsPanel(view)} ${nowPanel(view)} ${reasonsPanel(view)} ${routesPanel(view)}
          ${reportModePanel(view)} ${sdksPanel(view)} ${keysPanel(view)} ${agesPanel(view)}
          ${rangesPanel(view)} ${unlistedPanel(view)} ${requestsPanel(view)} ${settingsPanel(view)}
        </main>
        ${script}
      </body>
    </html> `.toString()
}

function header(view: View): Html {
  return html`<header>
    <div>
      <h1>inngest-gateway</h1>
      <p class="state">${textOf(view, 'ready')}</p>
    </div>
    <div class="updates">
      <p>As of ${textOf(view, 'taken')} UTC · version ${version}</p>
      <button type="button" id="pause" hidden>Pause updates</button>
      <noscript
        ><p>
          Reload to update the numbers: without JavaScript this page does not refresh.
        </p></noscript
      >
      <p id="trouble" role="status"></p>
    </div>
  </header>`
}

function panel(id: string, title: string, contents: Html, className = ''): Html {
  return html`<section class="${className}" aria-labelledby="${id}">
    <h2 id="${id}">${title}</h2>
    ${contents}
  </section>`
}

function decisionsPanel(view: View): Html {
  const rows = [
    ['admitted', 'Admitted'],
    ['refused', 'Refused'],
    ['failed', 'Failed'],
  ] as const
  const charts = rows.map(([decision, label]) => {
    const says = html`<div class="count">
      <h3>${label}</h3>
      <p class="total">${textOf(view, `total-${decision}`)}</p>
      <p class="peak">at most ${textOf(view, `peak-${decision}`)} a minute</p>
    </div>`
    const name = `${label} requests in each of the last 15 minutes; the table below has the numbers`
    return html`<div class="chart" data-decision="${decision}">
      ${says}${chartOf(view, decision, name)}
    </div>`
  })
  const numeric = [1, 2, 3]
  const headings = ['Minute', 'Admitted', 'Refused', 'Failed']
  const caption = 'Decisions by minute, UTC, the newest first'
  return panel(
    'decisions',
    'Last 15 minutes',
    html`${charts}
      <p class="axis" aria-hidden="true"><span>15 min ago</span><span>now</span></p>
      <p class="note">Each row has its own scale.</p>
      <details>
        <summary>The same as a table</summary>
        ${tableOf(view, 'minutes', { caption, headings, numeric })}
      </details>`,
    'wide',
  )
}

function nowPanel(view: View): Html {
  const facts = [
    ['replay', 'Replay cache'],
    ['in-flight', 'Requests in flight'],
    ['connections', 'Connections'],
    ['buffered', 'Bodies in memory'],
    ['processes', 'Processes'],
    ['uptime', 'Counting for'],
    ['recording', 'Recording'],
  ] as const
  return panel(
    'now',
    'Now',
    html`<dl class="facts">${facts.map(([name, label]) => factOf(view, name, label))}</dl>`,
    'wide',
  )
}

function reasonsPanel(view: View): Html {
  const headings = ['Reason', 'Last 15 min', 'Since start', 'Last']
  const caption = 'Refused and failed requests, by reason'
  const options = { caption, headings, numeric: [1, 2, 3], className: 'stacks' }
  return panel(
    'reasons',
    'Refusals and faults',
    html`${tableOf(view, 'reasons', options)} ${noteOf(view, 'reasons-empty')}`,
    'wide',
  )
}

function requestsPanel(view: View): Html {
  const headings = ['Time', 'Decision', 'Request', 'Client', 'Route', 'Status', 'Took']
  const caption = 'The last requests, the newest first; times are UTC'
  const options = { caption, headings, numeric: [5, 6], className: 'stacks requests' }
  return panel(
    'requests',
    'Requests',
    html`<form id="filter" hidden>
        <label>Text <input type="search" id="text" autocomplete="off" spellcheck="false" /></label>
        <label>
          Decision
          <select id="kind">
            <option value="">all</option>
            <option value="admitted">admitted</option>
            <option value="refused">refused</option>
            <option value="failed">failed</option>
          </select>
        </label>
        <p id="shown" role="status"></p>
      </form>
      ${tableOf(view, 'requests', options)} ${noteOf(view, 'requests-empty')}
      <button type="button" id="more" hidden>Show more</button>`,
    'wide',
  )
}

function routesPanel(view: View): Html {
  const headings = ['Route', 'Upstream', 'Traffic', 'Last response', 'Last fault', 'Checks']
  const caption = 'Routes, with the state of their upstreams as seen in requests'
  return panel(
    'routes',
    'Routes',
    tableOf(view, 'routes', { caption, headings, className: 'stacks' }),
    'wide',
  )
}

function reportModePanel(view: View): Html {
  const headings = ['Check', 'Verdict', 'Passed', 'Would be refused', 'Last']
  const caption = 'Checks in report mode, and whether they can be enforced; rollout-report has more'
  const options = { caption, headings, numeric: [3, 4], className: 'stacks' }
  return panel(
    'report-mode',
    'Report mode',
    html`${tableOf(view, 'report-mode', options)} ${noteOf(view, 'report-mode-empty')}`,
    'wide',
  )
}

function sdksPanel(view: View): Html {
  const headings = ['SDK', 'Responses', 'Last', 'Advisories']
  const caption = 'SDK versions as the apps name them in their responses'
  return panel(
    'sdks',
    'SDK versions',
    html`${tableOf(view, 'sdks', { caption, headings, numeric: [1, 2], className: 'stacks' })}
      <p class="note">List of advisories: ${textOf(view, 'sdk-advisories')}</p>`,
    'wide',
  )
}

function keysPanel(view: View): Html {
  const caption = 'When each signing key last verified a request'
  const headings = ['Key', 'Last verified']
  return panel('keys', 'Signing keys', tableOf(view, 'keys', { caption, headings, numeric: [1] }))
}

function agesPanel(view: View): Html {
  const caption = 'Ages of the signatures that were admitted in the last 15 minutes'
  return panel(
    'ages',
    'Signature ages',
    html`<dl class="facts">
        ${factOf(view, 'clock', 'Clock')} ${factOf(view, 'median', 'Median age')}
      </dl>
      ${tableOf(view, 'ages', { caption, headings: ['Age', 'Signatures'], numeric: [1], className: 'ages' })}`,
  )
}

function rangesPanel(view: View): Html {
  const allowed = { caption: 'Ranges in the allowlist', headings: ['Source', 'IPv4', 'IPv6'] }
  const lists = { caption: 'Published lists', headings: ['List', 'Ranges', 'Read'] }
  return panel(
    'ranges',
    'Address ranges',
    html`<p>Published ranges: ${textOf(view, 'ranges-origin')}</p>
      ${tableOf(view, 'allowed', { ...allowed, numeric: [1, 2] })}
      ${tableOf(view, 'lists', { ...lists, numeric: [1, 2] })}`,
  )
}

function unlistedPanel(view: View): Html {
  const headings = ['Range', 'Routes', 'Signatures', 'Last']
  const caption = 'Ranges outside the allowlist from which validly signed function calls come'
  const options = { caption, headings, numeric: [2, 3], className: 'stacks' }
  return panel(
    'unlisted',
    'Unlisted ranges',
    html`${tableOf(view, 'unlisted', options)} ${noteOf(view, 'unlisted-empty')}`,
    'wide',
  )
}

function settingsPanel(view: View): Html {
  return panel(
    'settings',
    'Active settings',
    html`<dl class="facts">
        ${factOf(view, 'loaded', 'Loaded')} ${factOf(view, 'latest', 'Configuration')}
        ${factOf(view, 'fingerprint', 'Fingerprint')}
      </dl>
      <details>
        <summary>All settings, without secrets</summary>
        <pre data-text="yaml">${view.texts['yaml']?.text ?? ''}</pre>
      </details>`,
    'wide',
  )
}
