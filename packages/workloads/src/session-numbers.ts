/** Sessions that are remembered: enough for those that are open at a time. */
const limit = 262_144

/**
 * Numbers sessions by the order in which they first come. Memory is bounded: of more than 262,144,
 * the one seen first is forgotten, and would count as a new one if it came back.
 */
export class SessionNumbers {
  private readonly numbers = new Map<number, number>()
  private next = 0

  /** The number of a session; -1 when the text names none. */
  of(name: string): number {
    if (name === '') return -1
    const key = fingerprint(name)
    const known = this.numbers.get(key)
    if (known !== undefined) return known
    const number = this.next
    this.next = (this.next + 1) & 0x7fffffff
    this.remember(key, number)
    return number
  }

  /** Makes another name mean the same session. */
  also(name: string, number: number): void {
    this.remember(fingerprint(name), number)
  }

  private remember(key: number, number: number): void {
    this.numbers.set(key, number)
    if (this.numbers.size <= limit) return
    for (const oldest of this.numbers.keys()) {
      this.numbers.delete(oldest)
      return
    }
  }
}

/** 53 bits of a text: a number takes less memory than a piece of the file's text would keep. */
export function fingerprint(text: string): number {
  let low = 0x811c9dc5
  let high = 0x1b873593
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    low = Math.imul(low ^ code, 0x01000193)
    high = Math.imul(high ^ code, 0x85ebca6b)
    high ^= high >>> 13
  }
  return (high >>> 11) * 4_294_967_296 + (low >>> 0)
}
