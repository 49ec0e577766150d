/** The result of one check. `mind` is a warning: it works, but needs attention. */
export type Finding =
  | { readonly about: string; readonly verdict: 'good'; readonly says: string }
  | { readonly about: string; readonly verdict: 'mind' | 'wrong'; readonly says: string; readonly todo: string }

/** Makes findings about one subject. */
export interface Findings {
  good(says: string): Finding
  mind(says: string, todo: string): Finding
  wrong(says: string, todo: string): Finding
}

export function findingsAbout(about: string): Findings {
  return {
    good: (says) => ({ about, verdict: 'good', says }),
    mind: (says, todo) => ({ about, verdict: 'mind', says, todo }),
    wrong: (says, todo) => ({ about, verdict: 'wrong', says, todo }),
  }
}
