import process from 'node:process'

import { bodyParser } from '@koa/bodyparser'
import { serve } from 'inngest/koa'
import Koa from 'koa'

import { makeParts } from '../encrypted.js'

const app = new Koa()
app.use(bodyParser({ jsonLimit: '8mb' }))
const handler = serve(makeParts())
app.use((context) => {
  if (context.path === '/api/inngest') return handler(context)
})
app.listen(Number(process.env.PORT), '127.0.0.1')
