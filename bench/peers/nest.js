// NestJS on Fastify with the guard of its own documentation, which verifies with @nestjs/jwt; the user
// is not looked up. Decorators are called by hand, so that nothing has to be compiled.

import 'reflect-metadata'
import { Controller, Get, Module, Req, UnauthorizedException, UseGuards } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { JwtModule, JwtService } from '@nestjs/jwt'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import { AUDIENCE, announce, answerFrom, ISSUER, SECRET_KEY } from './listen.js'

class AuthGuard {
  constructor(jwtService) {
    this.jwtService = jwtService
  }

  async canActivate(context) {
    const request = context.switchToHttp().getRequest()
    const [type, token] = request.headers.authorization?.split(' ') ?? []
    if (type !== 'Bearer' || !token) throw new UnauthorizedException()
    try {
      request.user = await this.jwtService.verifyAsync(token)
    } catch {
      throw new UnauthorizedException()
    }
    return true
  }
}
Reflect.defineMetadata('design:paramtypes', [JwtService], AuthGuard)

class MeController {
  me(request) {
    return answerFrom(request.user)
  }
}
const method = Object.getOwnPropertyDescriptor(MeController.prototype, 'me')
Controller()(MeController)
Get('me')(MeController.prototype, 'me', method)
UseGuards(AuthGuard)(MeController.prototype, 'me', method)
Req()(MeController.prototype, 'me', 0)

class AppModule {}
Module({
  imports: [
    JwtModule.register({
      secret: SECRET_KEY,
      verifyOptions: { algorithms: ['HS256'], issuer: ISSUER, audience: AUDIENCE },
    }),
  ],
  controllers: [MeController],
  providers: [AuthGuard],
})(AppModule)

const app = await NestFactory.create(AppModule, new FastifyAdapter(), { logger: ['error'] })
await app.listen(0, '127.0.0.1')
announce(app.getHttpServer())
