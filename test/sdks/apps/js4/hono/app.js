import process from 'node:process'

import { serve as listen } from '@hono/node-server'
import { Hono } from 'hono'
import { serve } from 'inngest/hono'

import { makeParts } from '../encrypted.js'

const app = new Hono()
app.on(['GET', 'POST', 'PUT'], '/api/inngest', serve(makeParts()))
listen({ fetch: app.fetch, port: Number(process.env.PORT), hostname: '127.0.0.1' })
