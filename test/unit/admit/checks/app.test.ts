import { describe, expect, it } from 'vitest'

import { appOf, checkApp } from '../../../../gateway/admit/checks/app.ts'
import { pass, refuse } from '../../../../gateway/admit/verdict.ts'
import { appIdsOf } from '../../../../gateway/config/served-apps.ts'

const routes = [
  { name: 'a', apps: ['billing', 'My App'] },
  { name: 'b', apps: ['billing-eu', 'send-mail'] },
  { name: 'c' },
]

describe('appOf', () => {
  const known = appIdsOf(routes)

  it.each([
    ['billing-pay', 'billing'],
    ['billing-eu-pay', 'billing-eu'],
    ['billing-eu-pay-failure', 'billing-eu'],
    ['billing-europe', 'billing'],
    // A function `eu` of `billing`: an app has no function without an id.
    ['billing-eu', 'billing'],
    ['My App-pay', 'My App'],
    // Older SDKs leave out the app: then the function is configured.
    ['send-mail', 'send-mail'],
    ['send-mail-failure', 'send-mail'],
    ['billing--pay', 'billing'],
    ['billing-', 'billing'],
    ['billing', 'billing'],
  ])('takes %j for a function of %j', (fnId, app) => {
    expect(appOf(fnId, known)).toBe(app)
  })

  it.each([
    null,
    '',
    '-',
    '-billing-pay',
    'shop-pay',
    'billingpay',
    'billin-g',
    'Billing-pay',
    ' billing-pay',
    'my app-pay',
    'shop-billing-pay',
    `${'x'.repeat(5000)}-billing-pay`,
  ])('knows no app of %j', (fnId) => {
    expect(appOf(fnId, known)).toBeNull()
  })

  it('knows none if no route has apps', () => {
    const none = appIdsOf([{ name: 'c' }])
    expect(['', 'billing', 'billing-pay'].map((fnId) => appOf(fnId, none))).toEqual([
      null,
      null,
      null,
    ])
  })

  it('looks at no more than the longest id could be, however many hyphens there are', () => {
    let looks = 0
    const ids = new Map(known.ids)
    ids.get = (id) => {
      looks += 1
      return Map.prototype.get.call(ids, id) as string | undefined
    }
    expect(appOf('-'.repeat(16_000), { ids, longest: known.longest })).toBeNull()
    expect(looks).toBeLessThanOrEqual(known.longest + 1)
  })
})

describe('checkApp', () => {
  const apps = { served: new Set(['billing']), known: appIdsOf(routes) }

  it.each([
    ['billing', pass(undefined)],
    ['billing-eu', refuse('app_not_served')],
    [null, refuse('app_not_served')],
  ])('judges %j as %j', (app, verdict) => {
    expect(checkApp(app, apps)).toEqual(verdict)
  })
})
