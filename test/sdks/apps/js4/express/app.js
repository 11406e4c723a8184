import process from 'node:process'

import express from 'express'
import { serve } from 'inngest/express'

import { makeParts } from '../encrypted.js'

const app = express()
// Of 100 KB by default. Inngest's calls have up to 4 MiB.
app.use(express.json({ limit: '8mb' }))
app.use('/api/inngest', serve(makeParts()))
app.use('/api/streaming', serve({ ...makeParts(), streaming: true }))
app.listen(Number(process.env.PORT), '127.0.0.1')
