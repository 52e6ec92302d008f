/** Radio buttons, drawn as the segments of one bar. */

interface Props<Value extends string> {
  readonly legend: string
  readonly name: string
  readonly options: Readonly<Record<Value, { readonly label: string; readonly title?: string }>>
  readonly value: Value
  readonly onChange: (value: Value) => void
}

export const Segments = <Value extends string>({ legend, name, onChange, options, value }: Props<Value>) => (
  <fieldset class="segments">
    <legend class="visually-hidden">{legend}</legend>
    {(Object.keys(options) as Array<Value>).map((option) => (
      <label key={option} title={options[option].title}>
        <input type="radio" name={name} checked={value === option} onChange={() => onChange(option)} />
        <span>{options[option].label}</span>
      </label>
    ))}
  </fieldset>
)
