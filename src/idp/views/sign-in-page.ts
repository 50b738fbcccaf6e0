import { html, type Markup } from '../../lib/html.ts';
import { page } from './page.ts';

interface SignInPage {
  readonly org: string;
  /** The label of the app that asks. */
  readonly app: string;
  /** The scopes the app asks for, by name. */
  readonly scopes: readonly string[];
  /** What stands in the user name field: the request's `login_hint`, or what was typed before the error. */
  readonly loginHint?: string | undefined;
  /** Why the attempt before this page failed, as a sentence. */
  readonly error?: string | undefined;
  /** Where the form is posted to. */
  readonly action: string;
  readonly csrf: string;
  /** The seeded users, shown as help. */
  readonly users: readonly { readonly login: string; readonly password: string; readonly name: string }[];
}

function alert(error: string): Markup {
  return html`<div class="alert" role="alert" id="error">
    <svg
      viewBox="0 0 20 20"
      aria-hidden="true"
      fill="none"
      stroke="currentColor"
      stroke-width="1.8"
      stroke-linecap="round"
    >
      <circle cx="10" cy="10" r="8" />
      <path d="M10 6v4.6M10 13.8v.01" />
    </svg>
    <p>${error}</p>
  </div>`;
}

function request(app: string, scopes: readonly string[]): Markup {
  if (scopes.length === 0) return html`<p class="quiet"><bdi>${app}</bdi> asks for no scopes.</p>`;
  return html`<div class="tight">
    <p class="quiet" id="scopes"><bdi>${app}</bdi> asks for</p>
    <ul class="chips" aria-labelledby="scopes">
      ${scopes.map((scope) => html`<li><code>${scope}</code></li>`)}
    </ul>
  </div>`;
}

function help(users: SignInPage['users']): Markup | undefined {
  if (users.length === 0) return undefined;
  return html`<section class="aside tight" aria-labelledby="people">
    <h2 class="small" id="people">Users and their passwords</h2>
    <ul class="people rows small">
      ${users.map(
        ({ login, password, name }) =>
          html`<li>
            <span><bdi>${name}</bdi></span
            ><span class="quiet"><code>${login}</code> / <code>${password}</code></span>
          </li>`,
      )}
    </ul>
  </section>`;
}

/** The page a person signs in on. The form posts `username`, `password` and `csrf` to `action`. */
export function signInPage({ org, app, scopes, loginHint, error, action, csrf, users }: SignInPage): string {
  const flaw = error === undefined ? undefined : html` aria-invalid="true" aria-describedby="error"`;
  const first = html` autofocus`;
  const hasLogin = loginHint !== undefined && loginHint !== '';
  const content = html`<div class="card stack">
      <h1>Sign in to <bdi>${app}</bdi></h1>
      ${request(app, scopes)} ${error === undefined ? undefined : alert(error)}
      <form class="stack" method="post" action="${action}">
        <input type="hidden" name="csrf" value="${csrf}" />
        <div class="field">
          <label for="username">User name</label>
          <input
            id="username"
            name="username"
            type="text"
            value="${loginHint}"
            required
            maxlength="320"
            autocomplete="username"
            autocapitalize="none"
            autocorrect="off"
            spellcheck="false"
            ${flaw}${hasLogin ? undefined : first}
          />
        </div>
        <div class="field">
          <label for="password">Password</label>
          <input
            id="password"
            name="password"
            type="password"
            required
            maxlength="1024"
            autocomplete="current-password"
            ${flaw}${hasLogin ? first : undefined}
          />
        </div>
        <div class="actions"><button class="primary" type="submit">Sign in</button></div>
      </form>
    </div>
    ${help(users)}`;
  return page({ title: error === undefined ? 'Sign in' : 'Error: Sign in', org, width: 'narrow', content });
}
