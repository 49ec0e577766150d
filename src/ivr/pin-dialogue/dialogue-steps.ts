import type { Clock, Milliseconds } from '../../base/clock.js'
import { type Extension, maxExtensionDigits, parseExtension } from '../../base/identity.js'
import type { Secret } from '../../base/secret.js'
import type { Key, Playback } from '../../media/media.js'
import type { PromptName } from '../prompts.js'
import { createSpeech, createWaiting } from '../speech.js'
import type { Action, Input } from './dialogue-table.js'
import { createDigitCollector } from './digit-collector.js'
import { type Spoken, spokenLogin } from './spoken-outcome.js'

export interface DialogueNeeds {
  /** As dialled; null: the caller has to enter it. */
  readonly extension: Extension | null
  readonly timing: DialogueTiming
  readonly clock: Clock
  play(prompts: readonly PromptName[]): Playback
  /** What the extension and PIN are for: a login, or a logout everywhere. */
  attempt(extension: Extension, pin: Secret, lastKeyAt: Milliseconds): Promise<Spoken>
  /** The attempt failed by a fault of ours. */
  onFault(fault: unknown): void
  abandoned(extension: Extension | null): void
  hangUp(): void
}

export interface DialogueTiming {
  readonly firstDigitMs: Milliseconds
  readonly nextDigitMs: Milliseconds
  /** Minimum time from the last key to the outcome. It slows guessing, and all refusals take equally long. */
  readonly answerMs: Milliseconds
  readonly tries: number
  readonly pinDigits: number
}

export interface Steps {
  readonly perform: { readonly [action in Action]: (machine: unknown, key: Key | undefined) => void }
  /** To be called for every key press, even if it has no effect. */
  noteKey(): void
}

/** The side effects of the dialogue: one function for each action of the table. */
export function createSteps(needs: DialogueNeeds, post: (input: Input) => void): Steps {
  const { timing, clock } = needs
  const speech = createSpeech(needs.play, () => post('prompt over'))
  const waiting = createWaiting(clock, () => post('time is up'))
  const digits = createDigitCollector()
  let extension = needs.extension
  let tries = 0
  let isAnswered = false
  let lastKeyAt = clock.now()
  let outcome: PromptName = 'try-later'

  function keep(_machine: unknown, key: Key | undefined): void {
    digits.add(key ?? '')
    if (digits.count >= (extension === null ? maxExtensionDigits : timing.pinDigits)) post('full')
  }

  function answer({ input, prompt }: Spoken): void {
    isAnswered = true
    outcome = prompt
    post(input)
  }

  async function check(): Promise<void> {
    const spoken = await outcomeOf(needs, { extension, pin: digits.take(), lastKeyAt })
    clock.after(Math.max(0, lastKeyAt + timing.answerMs - clock.now()), () => answer(spoken))
  }

  function spendTry(): void {
    tries += 1
    const hadAnswer = isAnswered
    isAnswered = false
    extension = needs.extension
    if (tries >= timing.tries) post(hadAnswer ? 'no tries left' : 'given up')
    else post(extension === null ? 'try extension' : 'try pin')
  }

  return {
    noteKey() {
      lastKeyAt = clock.now()
    },
    perform: {
      'say ask-extension': () => speech.say('ask-extension'),
      'say ask-pin': () => speech.say('ask-pin'),
      'say wrong': () => speech.say('wrong'),
      'say goodbye': () => speech.say('goodbye'),
      speak: speech.speak,
      hush: speech.hush,
      'say outcome': () => speech.say(outcome),
      'keep digit': keep,
      'forget digits': digits.forget,
      'take extension': () => {
        extension = parseExtension(digits.take().reveal())
      },
      'await first digit': () => waiting.begin(timing.firstDigitMs),
      'await next digit': () => waiting.begin(timing.nextDigitMs),
      'stop waiting': waiting.stop,
      check: () => void check(),
      'spend a try': spendTry,
      'report abandoned': () => needs.abandoned(extension),
      'hang up': needs.hangUp,
    },
  }
}

interface Entry {
  readonly extension: Extension | null
  readonly pin: Secret
  readonly lastKeyAt: Milliseconds
}

async function outcomeOf(needs: DialogueNeeds, { extension, pin, lastKeyAt }: Entry): Promise<Spoken> {
  if (extension === null) return spokenLogin({ outcome: 'DENIED' })
  try {
    return await needs.attempt(extension, pin, lastKeyAt)
  } catch (fault) {
    needs.onFault(fault)
    return spokenLogin({ outcome: 'STORE_LOST' })
  }
}
