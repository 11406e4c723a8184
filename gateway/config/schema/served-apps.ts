/** `apps` of a route: the apps whose functions may be called there. */
import { z } from 'zod'

/** The SDKs use it as it is, with capitals and spaces if it has any, and put `-` behind it. */
const appId = z
  .string()
  .refine(
    (value) =>
      /^[\x21-\x7e](?:[\x20-\x7e]{0,126}[\x21-\x7e])?$/.test(value) && !/\*|-$/.test(value),
    {
      error:
        'an app id as in the code of the app: 1 to 128 characters of visible ASCII, without spaces around it, a wildcard, or the - before the function',
    },
  )

export const servedAppsSchema = z
  .array(appId)
  .min(1)
  .superRefine((apps, context) => {
    const second = apps.findIndex((app, i) => apps.indexOf(app) < i)
    if (second === -1) return
    context.addIssue({ code: 'custom', path: [second], message: 'each app id once' })
  })
  .optional()
  .describe(
    'Ids of the apps whose functions may be called on this route, as in the code of the apps (`new Inngest({ id })`). A function call has `<app>-<function>` as its `fnId`; the longest id in the `apps` of all routes decides which app that is. Default: any app.',
  )
