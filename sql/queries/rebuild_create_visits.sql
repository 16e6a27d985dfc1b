CREATE TABLE visits_rebuilt AS visits
