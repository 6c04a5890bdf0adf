/// What the scripts of all pages have in common: elements, numbers as people read them, tables.
enum PageScript {
  static let common = #"""
    'use strict';
    const byId = id => document.getElementById(id);
    const make = (tag, text, attributes = {}) => {
      const element = document.createElement(tag);
      if (text !== undefined) element.textContent = text;
      for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
      return element;
    };
    const isMissing = value => value === null || value === undefined;
    const number = (value, digits = 2) => isMissing(value) ? '–'
      : value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
    const whole = value => number(value, 0);
    const percent = (value, digits = 2) => isMissing(value) ? '–' : number(100 * value, digits) + ' %';
    const decibels = value => number(value, 1);
    const bytes = value => isMissing(value) ? '–' : value >= 1e6 ? number(value / 1e6) + ' MB' : value >= 1e4 ? number(value / 1e3, 1) + ' kB' : number(value, 0) + ' B';
    const signClass = value => isMissing(value) || value === 0 ? {} : { class: value < 0 ? 'neg' : 'pos' };
    // Columns are [heading, value of a row, its words, whether its sign is coloured].
    const table = (columns, rows, attributes = () => ({})) => {
      const element = make('table'), head = make('tr'), body = make('tbody');
      columns.forEach(([heading]) => head.append(make('th', heading, { scope: 'col' })));
      for (const row of rows) {
        const line = make('tr', undefined, attributes(row));
        for (const [, value, words, isSigned] of columns) line.append(make('td', words(value(row)), isSigned ? signClass(value(row)) : {}));
        body.append(line);
      }
      element.append(make('thead'), body);
      element.tHead.append(head);
      const box = make('div', undefined, { class: 'scroll' });
      box.append(element);
      return box;
    };
    """#
}
