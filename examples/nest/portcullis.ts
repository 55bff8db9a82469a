// Portcullis in the words of Nest: a guard before a route, the value of a guard as a parameter, and the
// answer to what a guard throws.

import {
  type ArgumentsHost,
  type CanActivate,
  Catch,
  createParamDecorator,
  type ExecutionContext,
  UseGuards,
} from '@nestjs/common'
import { BaseExceptionFilter } from '@nestjs/core'
import { type Guard, isGuard, sendRefusal } from 'portcullis/web'

const requestOf = (context: ExecutionContext) => context.switchToHttp().getRequest()

/** Puts a guard before a route, or before all routes of a controller. */
export function Guarded(guard: Guard<unknown>): ClassDecorator & MethodDecorator {
  if (!isGuard(guard)) throw new TypeError('Guarded needs a guard.')
  const canActivate: CanActivate['canActivate'] = async (context) => {
    await guard(requestOf(context))
    return true
  }
  return UseGuards({ canActivate })
}

/** The value of a guard. It runs once per request, so nothing is checked twice. */
export const ValueOf = (guard: Guard<unknown>): ParameterDecorator =>
  createParamDecorator((_data: unknown, context: ExecutionContext) => guard(requestOf(context)))()

/** Answers what a guard throws; Nest answers every other error. */
@Catch()
export class RefusalFilter extends BaseExceptionFilter {
  override catch(error: unknown, host: ArgumentsHost): void {
    if (!sendRefusal(error, host.switchToHttp().getResponse())) super.catch(error, host)
  }
}
