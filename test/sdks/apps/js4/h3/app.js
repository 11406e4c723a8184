import { createApp, createRouter, eventHandler, toNodeListener } from 'h3'
import { serve } from 'inngest/h3'

import { makeParts } from '../functions.js'
import { listen } from '../listen.js'

const app = createApp()
// A router keeps the path that `app.use(path, …)` takes off.
app.use(createRouter().use('/api/inngest', eventHandler(serve(makeParts()))))
listen(toNodeListener(app))
