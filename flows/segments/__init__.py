"""The segment language: JSON expression -> checked tree -> numpy mask, ClickHouse SQL, and a sentence.

    parse.parse(document) -> Tree               or problems.InvalidExpression with places, messages and remedies
    predicate.compile_sql(tree, now)            -> Predicate(sql, params) over the columns of table `visitors`
    mask.mask(tree, rows, now)                  -> bool array over rows of `visitors`; equals the SQL on the same rows
    sentence.sentence(tree, "ko")               -> one sentence, also "en"
    expression.population_countable(tree)       -> False when a condition is about this very moment
    catalogue.catalogue(), presets.presets()    -> what an editor shows

Pure: no clock, no store, no runtime. A field is declared once, in `fields.py`; an operator means one thing, in
`meaning.py`.
"""
