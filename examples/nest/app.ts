import 'reflect-metadata'
import { Controller, Get, Module } from '@nestjs/common'
import { HttpAdapterHost, NestFactory } from '@nestjs/core'
import type { NestExpressApplication } from '@nestjs/platform-express'
import type { NextFunction, Request, Response } from 'express'
import { createAuth, type User } from 'portcullis'
import { sqlite } from 'portcullis/stores/sqlite'
import { createGuards, nodeOAuthEndpoints } from 'portcullis/web'
import { Guarded, RefusalFilter, ValueOf } from './portcullis.js'

const auth = await createAuth({ store: sqlite('app.db') })
// Only while there are no users.
const password = process.env.ADMIN_PASSWORD
if (password) await auth.users.createFirst({ username: 'alice', password, role: 'admin' })
// Deletes what has ended, and rotates the keys, as long as the process runs.
void auth.maintain(new AbortController().signal)
const { activeUser, requireRole } = createGuards(auth)
const oauth = nodeOAuthEndpoints(auth)

@Controller()
class AppController {
  @Get('me')
  @Guarded(activeUser)
  me(@ValueOf(activeUser) { username, role }: User): object {
    return { username, role }
  }

  @Get('admin/stats')
  @Guarded(requireRole('admin'))
  async stats(): Promise<object> {
    return await auth.users.counts()
  }
}

@Module({ controllers: [AppController] })
class AppModule {}

const app = await NestFactory.create<NestExpressApplication>(AppModule, { logger: ['error'] })
// Failed logins are slowed down by `request.ip`: behind a proxy on this machine, the one that it tells.
app.set('trust proxy', 'loopback')
// Before Nest's own body parsers: the login reads its own form.
app.use(async (request: Request, response: Response, next: NextFunction) => {
  if (!(await oauth(request, response, request.ip))) next()
})
app.useGlobalFilters(new RefusalFilter(app.get(HttpAdapterHost).httpAdapter))

await app.listen(process.env.PORT ?? 8000)
console.log(await app.getUrl())
