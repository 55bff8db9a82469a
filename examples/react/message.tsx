import type { ReactNode } from 'react'

interface MessageProps {
  /** Empty while there is nothing to say. The element stays: nothing moves, and screen readers hear what comes. */
  readonly text: string
  readonly id?: string
}

/** What went wrong. */
export function Problem({ text, id }: MessageProps): ReactNode {
  return (
    <p id={id} role="alert" className="error">
      {text && (
        <>
          <Icon path="M10 4 2 19h16zM10 9v5m0 2v1" />
          <span>{text}</span>
        </>
      )}
    </p>
  )
}

/** Something to know that is no problem. */
export function Notice({ text }: MessageProps): ReactNode {
  return (
    <p role="status" className="notice">
      {text && (
        <>
          <Icon path="M10 4a8 8 0 1 0 .01 0M10 11v6m0-9v1" />
          <span>{text}</span>
        </>
      )}
    </p>
  )
}

function Icon({ path }: { readonly path: string }): ReactNode {
  return (
    <svg className="icon" viewBox="0 0 20 24" aria-hidden="true">
      <path d={path} fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinejoin="round" />
    </svg>
  )
}
