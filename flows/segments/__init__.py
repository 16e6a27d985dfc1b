"""The segment language: JSON expression -> checked tree -> numpy mask, ClickHouse SQL, and a sentence.

    parse.parse(document, traits) -> Tree       or problems.InvalidExpression with places, messages and remedies
    predicate.compile_sql(tree, now, zone=..)   -> Predicate(sql, params) over the columns of table `visitors`
    predicate.compile_value(field, now, ..)     -> the same for a field's value
    mask.mask(tree, rows, now, zone=..)         -> bool array over rows of `visitors`; equals the SQL on the same rows
    mask.Judged(rows, now, zone=..)             -> the same for many trees, each row at its own moment; and when to look again
    sentence.sentence(tree, "ko")               -> one sentence, also "en"
    expression.population_countable(tree)       -> False when a condition is about this very moment
    catalogue.catalogue(traits), presets.presets()   -> what an editor shows

Pure: no clock, no store, no runtime. A field is declared once (`fields.py` lists them); an operator means one thing, in
`meaning.py`.
"""
