/**
 * `/plain`: signing in and out by forms, for browsers and people without JavaScript.
 * @module
 */
import type { AuthResult, Transport } from '@handstamp/server'
import type { User } from './accounts.ts'
import { escapeHtml, pageHeaders } from './page-headers.ts'

const errors: { readonly [code: string]: string } = {
  invalid_credentials: 'Email and password do not go together. Try again.',
  rate_limited: 'Too many attempts for this account. Wait a little, then try again.',
}

/** The page for whoever is there. */
export function plainPage(request: Request, result: AuthResult<User>, transport: Transport): Response {
  const code = new URL(request.url).searchParams.get('error') ?? ''
  const error = Object.hasOwn(errors, code) ? errors[code] : undefined
  const main =
    transport !== 'cookie'
      ? `<h1 id="plain-title">Not by ${transport}</h1>
<p>A form needs a cookie to carry the session, and the playground is configured for <strong>${transport}</strong>.
<a href="/">Pick the cookie transport</a>, then come back.</p>`
      : result.ok
        ? signedIn(result.session.user)
        : signInForm(error)
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${result.ok ? escapeHtml(result.session.user.name) : 'Sign in'} · Handstamp without scripts</title>
<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Cg fill='none' stroke='%235b3df5'%3E%3Ccircle cx='16' cy='16' r='13.5' stroke-width='3'/%3E%3Cpath d='M10 9v14M22 9v14M10 16h12' stroke-width='4'/%3E%3C/g%3E%3C/svg%3E">
<link rel="stylesheet" href="/assets/page.css">
</head>
<body class="plain">
<main class="plain-main">
<p class="plain-brand"><a href="/">Handstamp</a></p>
<section class="panel" aria-labelledby="plain-title">
${main}
</section>
<p class="plain-foot">This page has no script. The session travels in an HttpOnly cookie, and the form's origin is checked
before anything else. <a href="/">The playground</a> shows this request, step by step.</p>
</main>
</body>
</html>`
  return new Response(html, { status: 200, headers: pageHeaders('text/html; charset=utf-8') })
}

function signedIn({ name, email, role }: User): string {
  return `<h1 id="plain-title">${escapeHtml(name)}</h1>
<p>Signed in as <strong>${escapeHtml(email)}</strong>, ${escapeHtml(role)}.</p>
<form method="post" action="/auth/sign-out">
<input type="hidden" name="redirect" value="/plain">
<button class="button" type="submit">Sign out</button>
</form>`
}

function signInForm(error: string | undefined): string {
  const alert = error === undefined ? '' : `<p class="alert" role="alert">${escapeHtml(error)}</p>`
  return `<h1 id="plain-title">Sign in</h1>
${alert}
<form class="fields" method="post" action="/auth/sign-in">
<input type="hidden" name="redirect" value="/plain">
<label class="field"><span>Email</span>
<input type="email" name="email" autocomplete="username" required maxlength="254" placeholder="ada@example.com"></label>
<label class="field"><span>Password</span>
<input type="password" name="password" autocomplete="current-password" required maxlength="1024"></label>
<button class="button primary" type="submit">Sign in</button>
</form>
<p class="hint"><code>ada@example.com</code> with <code>analytical-engine</code>, or <code>grace@example.com</code> with
<code>nanoseconds</code></p>`
}
