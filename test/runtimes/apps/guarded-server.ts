import { createHandler } from './guarded.ts'
import { serve } from './serve.ts'

serve(createHandler(process.env.ISSUER ?? ''))
