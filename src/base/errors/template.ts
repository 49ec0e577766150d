/** A message with `{parameters}`: what happened, and the next step if it is more precise than that of the code. */
export type Template = string | { readonly says: string; readonly todo: string }

/** One error code. */
export interface ErrorEntry {
  /** For src/cli/README.md. */
  readonly meaning: string
  /** The next step, in the imperative. */
  readonly todo: string
  /** Each situation that has this code → its message. */
  readonly messages: Readonly<Record<string, Template>>
}

type Names<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never

type TextIn<Message> = Message extends { readonly says: infer Says extends string; readonly todo: infer Todo extends string }
  ? Says | Todo
  : Message extends string
    ? Message
    : never

/** The parameters of a template, by name. */
export type Details<Message> = Readonly<Record<Names<TextIn<Message>>, string | number>>

/** The text with its parameters filled in. */
export function filled(text: string, details: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(details[name] ?? whole))
}
