import type { Extension } from '../base/identity.js'
import type { Clip } from '../media/media.js'
import { largestNumber, type PromptName, type Prompts } from './prompts.js'

/** What a caller hears: a prompt, or facts that are put into words. */
export type Answer =
  | PromptName
  | { readonly about: 'user'; readonly extension: Extension; readonly name: string }
  | { readonly about: 'messages'; readonly fresh: number; readonly old: number }

/** Words whose recordings are missing are left out. */
export function answerClips(answer: Answer, prompts: Pick<Prompts, 'clip' | 'recording'>): readonly Clip[] {
  const { clip, recording } = prompts
  const spoken = (words: readonly string[]): readonly Clip[] => words.flatMap((word) => recording(word) ?? [])
  if (typeof answer === 'string') return [clip(answer)]
  if (answer.about === 'user') {
    const { extension, name } = answer
    return [
      clip('logged-in-here'),
      ...spoken([...nameWords(name, `user-${extension}`, recording), 'desk-extension', ...spelled(extension)]),
    ]
  }
  const { fresh, old } = answer
  const counted = (prompt: PromptName, number: number): readonly Clip[] => [clip(prompt), ...spoken(numberWords(number))]
  return [...counted('messages-new', fresh), ...(old === 0 ? [] : counted('messages-old', old))]
}

/** The recording of a name. Without one the name is spelled, without the accents of its letters. */
export function nameWords(name: string, recorded: string, recording: Prompts['recording']): readonly string[] {
  return recording(recorded) ? [recorded] : spelled(name)
}

function spelled(text: string): readonly string[] {
  const plain = text.normalize('NFD').toLowerCase().replaceAll('ß', 'ss')
  return Array.from(plain.replace(/[^0-9a-z]/g, ''), (one) => `${/[0-9]/.test(one) ? 'digit' : 'letter'}-${one}`)
}

/** A number that is not one word is spoken digit by digit: no two languages make such words alike. */
function numberWords(number: number): readonly string[] {
  return number > 9 && number <= largestNumber ? [`number-${number}`] : spelled(String(number))
}
