// Express with passport-jwt and jsonwebtoken: the signature and the claims are checked, the user is not
// looked up.

import express from 'express'
import passport from 'passport'
import { ExtractJwt, Strategy } from 'passport-jwt'
import { AUDIENCE, announce, answerFrom, ISSUER, SECRET_KEY } from './listen.js'

passport.use(
  new Strategy(
    {
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKey: SECRET_KEY,
      algorithms: ['HS256'],
      issuer: ISSUER,
      audience: AUDIENCE,
    },
    (claims, done) => done(null, claims),
  ),
)
const app = express()
app.get('/me', passport.authenticate('jwt', { session: false }), (request, response) => {
  response.json(answerFrom(request.user))
})
const server = app.listen(0, '127.0.0.1', () => announce(server))
