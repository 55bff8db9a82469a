import { type Finding, findingsOf, inWords, type Subject } from './finding.ts'

const { ok, warning, problem } = findingsOf('second-factors')

/** The secrets of authenticator apps open, and this machine's clock is right enough for their codes. */
export async function checkSecondFactors(subject: Subject): Promise<readonly Finding[]> {
  if (subject.config.factors === 'off') return []
  return [...judgeSecrets(subject), ...(await judgeClock(subject))]
}

function judgeSecrets({ inspection }: Subject): readonly Finding[] {
  const factors = inspection?.contents?.sealed?.factors
  if (factors === undefined) return []
  const readable = factors.today + factors.previous
  if (factors.unreadable === 0) {
    return [ok(`The configured keys open the secret of every authenticator app: ${readable}.`)]
  }
  return [
    problem(
      `Secrets of authenticator apps that no configured key opens: ${factors.unreadable} of ${readable + factors.unreadable}. Codes of those apps are refused.`,
      'Add the key of their time to KEY_ENCRYPTION_KEY_PREVIOUS or SECRET_KEY_PREVIOUS; if it is lost, run `portcullis factor reset` for those users.',
    ),
  ]
}

/** Seconds that a code may be early or late, at least: its own step and one more. */
const accepted = 30
/** Seconds above which a phone that is a little off itself has its codes refused. */
const noticeable = 15

/** Another clock, and by how many seconds it is ahead of this one. */
interface OtherClock {
  readonly whose: string
  readonly offset: number
}

async function judgeClock({ config, inspection }: Subject): Promise<readonly Finding[]> {
  const database = inspection?.clockOffset ?? null
  const others = [
    ...(database === null ? [] : [{ whose: 'the database', offset: database }]),
    ...(await clockOfIssuer(config.issuer)),
  ]
  if (others.length === 0) {
    return [
      ok(
        'There is no other clock to compare with that of this machine.',
        `Let NTP set it: codes of authenticator apps are refused that are more than ${accepted} seconds early or late.`,
      ),
    ]
  }
  return others.map(judgeFactorClock)
}

/** Judges by how many seconds another clock is ahead of this one. */
export function judgeFactorClock({ whose, offset }: OtherClock): Finding {
  const size = Math.abs(offset)
  if (size <= noticeable) {
    return ok(`The clock is near enough to that of ${whose} for codes of authenticator apps.`)
  }
  return warning(
    `The clock of ${whose} is ${inWords(size)} ${offset > 0 ? 'ahead of' : 'behind'} this one. Codes of authenticator apps are refused that are more than ${accepted} seconds early or late, by the clock of this machine.`,
    'Let NTP set the clock (systemd-timesyncd, chrony): then those of the users’ phones agree with it.',
  )
}

/** Milliseconds that an answer may take: longer ones say too little about the time. */
const patience = 2000

/** That of whatever answers for the issuer, which may be a proxy on another machine. None by http, or if none answers. */
export async function clockOfIssuer(issuer: string): Promise<readonly OtherClock[]> {
  if (new URL(issuer).protocol !== 'https:') return []
  try {
    const answer = await fetch(issuer, {
      ...{ method: 'HEAD', redirect: 'manual' },
      signal: AbortSignal.timeout(patience),
    })
    const date = Date.parse(answer.headers.get('date') ?? '')
    if (Number.isNaN(date)) return []
    return [{ whose: `what serves ${issuer}`, offset: (date - Date.now()) / 1000 }]
  } catch {
    // A server that has not started yet does not answer.
    return []
  }
}
