/** What one look at one thing has shown. `mind`: it works, and somebody should know. */
export type Finding =
  | { readonly about: string; readonly verdict: 'good'; readonly says: string }
  | { readonly about: string; readonly verdict: 'mind' | 'wrong'; readonly says: string; readonly todo: string }

/** Findings about one thing. */
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
