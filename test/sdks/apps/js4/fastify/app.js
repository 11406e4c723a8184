import process from 'node:process'

import Fastify from 'fastify'
import inngestFastify from 'inngest/fastify'

import { makeParts } from '../encrypted.js'

const { client, functions, ...options } = makeParts()
const app = Fastify({ bodyLimit: 8 * 1024 * 1024 })
await app.register(inngestFastify, { client, functions, options })
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' })
