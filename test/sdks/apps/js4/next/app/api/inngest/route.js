import { serve } from 'inngest/next'

import { makeParts } from '../../../../encrypted.js'

export const dynamic = 'force-dynamic'

export const { GET, POST, PUT } = serve(makeParts())
